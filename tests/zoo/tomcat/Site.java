// Tomcat, embedded, with one servlet a path.

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.File;
import java.io.FileWriter;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;

public class Site {
    /** A guarded handler that runs when its condition holds. */
    static class Guarded extends HttpServlet {
        private final String name;
        private final Predicate<HttpServletRequest> holds;

        Guarded(String name, Predicate<HttpServletRequest> holds) {
            this.name = name;
            this.holds = holds;
        }

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.setContentType("text/plain");
            if (!holds.test(request)) {
                opened(request, response);
                return;
            }
            try (Writer journal = new FileWriter(System.getenv("ZOO_JOURNAL"), true)) {
                journal.write(name + " " + request.getMethod() + " " + request.getRequestURI() + "\n");
            }
            response.getWriter().print("zoo-guarded " + name);
        }
    }

    static void opened(HttpServletRequest request, HttpServletResponse response) throws IOException {
        int size = request.getInputStream().readAllBytes().length;
        response.getWriter().print("public " + request.getMethod() + " " + request.getRequestURI() + "?"
                + request.getQueryString() + " " + size);
    }

    static boolean pays(HttpServletRequest request) {
        String[] values = request.getParameterValues("do");
        return values != null && Arrays.asList(values).contains("pay");
    }

    static boolean victim(HttpServletRequest request) {
        Cookie[] cookies = request.getCookies();
        return cookies != null && Arrays.stream(cookies)
                .anyMatch(cookie -> cookie.getName().equals("session") && cookie.getValue().equals("victim"));
    }

    static boolean told(HttpServletRequest request) {
        String all = request.getHeader("Stepgate-Assertion") + " " + request.getHeader("X-Forwarded-For")
                + request.getHeader("X-Real-IP");
        return all.contains("forged") || all.contains("6.6.6.6");
    }

    static void map(Context context, String path, String name, Predicate<HttpServletRequest> holds) {
        Tomcat.addServlet(context, name, new Guarded(name, holds));
        context.addServletMappingDecoded(path, name);
    }

    public static void main(String[] arguments) throws Exception {
        Logger.getLogger("org.apache").setLevel(Level.SEVERE);
        File base = Files.createTempDirectory(new File(".").getAbsoluteFile().toPath(), "tomcat").toFile();
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(base.getPath());
        tomcat.setHostname("127.0.0.1");
        tomcat.setPort(Integer.parseInt(arguments[0]));
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        tomcat.getConnector().setMaxPostSize(64 * 1024 * 1024);
        Context context = tomcat.addContext("", base.getPath());
        context.setAllowCasualMultipartParsing(true);
        map(context, "/account/withdraw", "withdraw", request -> true);
        map(context, "/vault/gold", "gold", request -> true);
        map(context, "/account/transfer", "transfer", request -> request.getMethod().equals("POST"));
        map(context, "/account/close", "close", request -> request.getMethod().equals("DELETE"));
        map(context, "/account/open", "open", Site::victim);
        map(context, "/action", "action", Site::pays);
        map(context, "/menu", "menu", Site::pays);
        map(context, "/told", "told", Site::told);
        map(context, "/", "rest", request -> false);
        tomcat.start();
        tomcat.getServer().await();
    }
}
