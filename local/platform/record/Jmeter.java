import com.thoughtworks.xstream.XStream;
import java.lang.reflect.Field;
import org.apache.jmeter.JMeter;
import org.apache.jmeter.save.SaveService;
import org.apache.jmeter.util.JMeterUtils;

/**
 * Starts Debian's JMeter 2.13. It cannot read any plan by itself with the XStream of the same Debian (1.4.20), which since 1.4.18 refuses
 * every class that was not allowed: "ForbiddenClassException: org.apache.jmeter.save.ScriptWrapper". JMeter's own classes are allowed
 * here; nothing else of JMeter is changed.
 */
public final class Jmeter {
    public static void main(String[] arguments) throws Exception {
        String home = "/usr/share/jmeter";
        System.setProperty("jmeter.home", home);
        JMeterUtils.setJMeterHome(home);
        JMeterUtils.loadJMeterProperties(home + "/bin/jmeter.properties");
        for (String saver : new String[] {"JMXSAVER", "JTLSAVER"}) {
            Field field = SaveService.class.getDeclaredField(saver);
            field.setAccessible(true);
            ((XStream) field.get(null)).allowTypesByWildcard(new String[] {"org.apache.jmeter.**", "org.apache.jorphan.**"});
        }
        new JMeter().start(arguments);
    }
}
