//! lcov, Cobertura and `JaCoCo`: about 220 lines a source file, five of six covered, some with branches.

use super::Out;
use std::fmt::Write as _;
use std::io::{self, Write};

pub(super) fn lcov(out: &mut Out, bytes: u64) -> io::Result<String> {
    let (mut file, mut total, mut covered) = (0_u64, 0_u64, 0_u64);
    while out.has_room(bytes) {
        writeln!(out, "TN:\nSF:src/components/area{}/module{file}/index.ts", file % 40)?;
        let lines = 150 + out.roll(150);
        let (mut hit, mut branches, mut taken) = (0, 0, 0);
        for line in 1..=lines {
            let count = if out.once_in(6) { 0 } else { 1 + out.roll(5_000) };
            hit += u64::from(count > 0);
            writeln!(out, "DA:{},{count}", line * 2)?;
            if out.once_in(11) {
                for branch in 0..2 {
                    let count = out.roll(3);
                    branches += 1;
                    taken += u64::from(count > 0);
                    writeln!(out, "BRDA:{},0,{branch},{count}", line * 2)?;
                }
            }
        }
        writeln!(out, "LF:{lines}\nLH:{hit}\nBRF:{branches}\nBRH:{taken}\nend_of_record")?;
        (file, total, covered) = (file + 1, total + lines, covered + hit);
    }
    Ok(format!("{covered} of {total} lines"))
}

pub(super) fn cobertura(out: &mut Out, bytes: u64) -> io::Result<String> {
    writeln!(
        out,
        "<?xml version=\"1.0\" ?>\n<!DOCTYPE coverage SYSTEM \"http://cobertura.sourceforge.net/xml/coverage-04.dtd\">"
    )?;
    writeln!(
        out,
        "<coverage version=\"7.6\" timestamp=\"1795470003250\">\n\t<sources><source>src</source></sources>\n\t<packages>"
    )?;
    let (mut file, mut total, mut covered) = (0_u64, 0_u64, 0_u64);
    while out.has_room(bytes) {
        writeln!(
            out,
            "\t\t<package name=\"area{file}\" line-rate=\"0.83\" branch-rate=\"0\" complexity=\"0\">\n\t\t\t<classes>"
        )?;
        writeln!(
            out,
            "\t\t\t\t<class name=\"module{file}.py\" filename=\"area{file}/module{file}.py\" complexity=\"0\" line-rate=\"0.83\" branch-rate=\"0\">\n\t\t\t\t\t<methods/>\n\t\t\t\t\t<lines>"
        )?;
        let lines = 150 + out.roll(150);
        for line in 1..=lines {
            let hit = !out.once_in(6);
            covered += u64::from(hit);
            let branch =
                if out.once_in(11) { " branch=\"true\" condition-coverage=\"50% (1/2)\"" } else { "" };
            writeln!(out, "\t\t\t\t\t\t<line number=\"{}\" hits=\"{}\"{branch}/>", line * 2, u8::from(hit))?;
        }
        writeln!(out, "\t\t\t\t\t</lines>\n\t\t\t\t</class>\n\t\t\t</classes>\n\t\t</package>")?;
        (file, total) = (file + 1, total + lines);
    }
    writeln!(out, "\t</packages>\n</coverage>")?;
    Ok(format!("{covered} of {total} lines"))
}

pub(super) fn jacoco(out: &mut Out, bytes: u64) -> io::Result<String> {
    write!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><!DOCTYPE report PUBLIC \"-//JACOCO//DTD Report 1.1//EN\" \"report.dtd\">"
    )?;
    write!(
        out,
        "<report name=\"shop\"><sessioninfo id=\"build-1\" start=\"1795470003250\" dump=\"1795470013250\"/>"
    )?;
    let (mut file, mut total, mut covered) = (0_u64, 0_u64, 0_u64);
    while out.has_room(bytes) {
        let lines = 150 + out.roll(150);
        let (mut body, mut hit) = (String::new(), 0);
        for line in 1..=lines {
            let (missed, run) = if out.once_in(6) { (4, 0) } else { (0, 4) };
            hit += u64::from(run > 0);
            let _ =
                write!(body, "<line nr=\"{}\" mi=\"{missed}\" ci=\"{run}\" mb=\"0\" cb=\"0\"/>", line * 2);
        }
        let counter = format!(
            "<counter type=\"INSTRUCTION\" missed=\"{}\" covered=\"{}\"/><counter type=\"LINE\" missed=\"{}\" covered=\"{hit}\"/>",
            4 * (lines - hit),
            4 * hit,
            lines - hit
        );
        write!(
            out,
            "<package name=\"com/example/area{file}\"><class name=\"com/example/area{file}/Module{file}\" sourcefilename=\"Module{file}.java\"><method name=\"run\" desc=\"()V\" line=\"2\">{counter}</method>{counter}</class><sourcefile name=\"Module{file}.java\">{body}{counter}</sourcefile>{counter}</package>"
        )?;
        (file, total, covered) = (file + 1, total + lines, covered + hit);
    }
    let missed = total - covered;
    write!(out, "<counter type=\"INSTRUCTION\" missed=\"{}\" covered=\"{}\"/>", 4 * missed, 4 * covered)?;
    write!(out, "<counter type=\"LINE\" missed=\"{missed}\" covered=\"{covered}\"/></report>")?;
    Ok(format!("{covered} of {total} lines"))
}
