"""Prints the CloudFormation template that the SAM transform makes of a SAM template, offline. Usage: expand-template.py FILE"""
import json
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.translator import Translator  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        template = yaml_parse(file.read())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # The transform wants an S3 address where a folder stands before `sam package`.
            resource["Properties"]["CodeUri"] = "s3://placeholder/key.zip"
            resource.pop("Metadata", None)
    expanded = Translator({}, Parser()).translate(template, {})
    json.dump(expanded, sys.stdout, indent=1, sort_keys=True)


main()
