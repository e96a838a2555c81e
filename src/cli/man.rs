//! The manual pages, generated from the definitions: one for the whole tool, and one for each command.
//!
//! In that of the tool, each command lists its own flags; the groups that commands share are described once, after them.
//! That of a command has all of its flags.

use std::io;

use clap::Command;
use clap_mangen::Man;

use super::commands;

/// The commands that a reader of a command's page may need next. Each names the tool's own page, too.
const RELATED: &[(&str, &[&str])] = &[
    ("check", &["soak", "wait", "explain"]),
    ("ping", &["soak", "check"]),
    ("subscribe", &["soak", "report"]),
    ("soak", &["subscribe", "report", "compare", "proxy", "drill"]),
    ("watch", &["soak", "report"]),
    ("proxy", &["soak", "drill", "report"]),
    ("drill", &["soak", "proxy"]),
    ("idle", &["check", "soak"]),
    ("wait", &["check"]),
    ("report", &["soak", "compare", "explain"]),
    ("compare", &["report", "soak"]),
    ("explain", &["report", "check"]),
    ("completions", &["man"]),
    ("man", &["completions"]),
];

/// Returns `redis-doctor.1` in roff, or `redis-doctor-COMMAND.1`.
pub(crate) fn page(command: Option<&str>) -> String {
    let mut page = Vec::new();
    // Writing into memory cannot fail.
    let _ = match command {
        None => write(&mut page),
        Some(name) => write_command(name, &mut page),
    };
    String::from_utf8_lossy(&page).into_owned()
}

fn write_command(name: &str, page: &mut Vec<u8>) -> io::Result<()> {
    let mut root = commands::definition().disable_help_subcommand(true);
    root.build();
    let command = root.get_subcommands().find(|command| command.get_name() == name).cloned().unwrap_or_default();
    let man = Man::new(command.clone()).title(format!("redis-doctor-{name}")).manual("redis-doctor").source(SOURCE);
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    page.extend_from_slice(b".SH NOTES\n.nf\n");
    let notes = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    for line in notes.lines() {
        // A line that begins with a point or a quote would be a request.
        page.extend_from_slice(format!("\\&{}\n", escape(line)).as_bytes());
    }
    page.extend_from_slice(b".fi\n");
    let related = RELATED.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, related)| related);
    see_also(related.iter().copied(), page);
    Ok(())
}

/// Writes the section that leads to other pages, that of the tool first.
fn see_also<'a>(commands: impl Iterator<Item = &'a str>, page: &mut Vec<u8>) {
    let pages: Vec<_> = commands.map(|name| format!("\\fBredis\\-doctor\\-{name}\\fR(1)")).collect();
    let pages = [&["\\fBredis\\-doctor\\fR(1)".to_owned()][..], &pages].concat();
    page.extend_from_slice(format!(".SH \"SEE ALSO\"\n{}\n", pages.join(", ")).as_bytes());
}

const SOURCE: &str = concat!("redis-doctor ", env!("CARGO_PKG_VERSION"));

fn write(page: &mut Vec<u8>) -> io::Result<()> {
    let mut root = commands::definition().disable_help_subcommand(true);
    root.build();
    let man = Man::new(root.clone()).manual("redis-doctor").source(SOURCE);
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    page.extend_from_slice(b".SH COMMANDS\n");
    for command in root.get_subcommands() {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let positionals: Vec<_> = command.get_positionals().map(|arg| format!(" {arg}")).collect();
        let heading = format!("redis-doctor {}{}", command.get_name(), positionals.concat());
        page.extend_from_slice(format!(".SS \"{}\"\n{}.\n", escape(&heading), escape(&about)).as_bytes());
        page.extend_from_slice(&options(command, |heading| heading.is_none())?);
    }
    let shared = root.get_subcommands().find(|command| command.get_name() == "ping").cloned().unwrap_or_default();
    page.extend_from_slice(&options(&shared, |heading| heading.is_some())?);
    // Groups that only some commands have, once each.
    let mut described = headings(&shared);
    for command in root.get_subcommands() {
        let more: Vec<_> = headings(command).into_iter().filter(|heading| !described.contains(heading)).collect();
        if !more.is_empty() {
            page.extend_from_slice(&options(command, |heading| more.iter().any(|own| heading == Some(own)))?);
            described.extend(more);
        }
    }
    page.extend_from_slice(SECTIONS.as_bytes());
    page.extend_from_slice(b".SH EXAMPLES\n");
    for command in root.get_subcommands() {
        let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
        for line in help.lines().filter(|line| line.starts_with("  redis-doctor")) {
            page.extend_from_slice(format!(".PP\n.nf\n{}\n.fi\n", escape(line.trim())).as_bytes());
        }
    }
    see_also(commands::names(), page);
    Ok(())
}

/// Returns the flags of a command whose heading is wanted, without the heading that the generator puts over the others.
fn options(command: &Command, wanted: impl Fn(Option<&str>) -> bool) -> io::Result<Vec<u8>> {
    let part = command.clone().mut_args(|flag| {
        let everywhere = ["help", "version"].contains(&flag.get_id().as_str());
        let unwanted = everywhere || !wanted(flag.get_help_heading());
        flag.hide(unwanted)
    });
    let mut text = Vec::new();
    Man::new(part).render_options_section(&mut text)?;
    Ok(String::from_utf8_lossy(&text).replace(".SH OPTIONS\n", "").into_bytes())
}

/// Returns the headings of a command's groups of flags, each once.
fn headings(command: &Command) -> Vec<String> {
    let mut headings: Vec<_> = command.get_arguments().filter_map(|flag| flag.get_help_heading()).collect();
    headings.dedup();
    headings.into_iter().map(str::to_owned).collect()
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('"', "\\(dq")
}

const SECTIONS: &str = r#".SH "EXIT STATUS"
.TP
\fB0\fR
Healthy.
.TP
\fB1\fR
Degraded: the connection was lost and recovered on its own, or a \fB\-\-warn\-on\fR gate tripped.
.TP
\fB2\fR
Critical: unreachable, not recovered, subscription or messages lost, wrong replies, or a \fB\-\-fail\-on\fR gate tripped.
.TP
\fB3\fR
Unknown: wrong usage or configuration, or an internal error.
.TP
\fB130\fR
A second Ctrl\-C, or a blocked output after SIGTERM, ended the run before its report, or a signal ended \fBwait\fR.
.SH ENVIRONMENT
A flag overrides the environment; an empty variable counts as unset.
.TP
\fBREDIS_URL\fR, \fBVALKEY_URL\fR
The server, in the form of \fB\-\-uri\fR; the first that is set. \fB\-\-port\fR, \fB\-\-db\fR, \fB\-\-user\fR and the password flags
override parts of it; \fB\-\-host\fR and \fB\-\-socket\fR name another server, to which its credentials are not sent.
.TP
\fBREDISCLI_AUTH\fR, \fBVALKEYCLI_AUTH\fR
The password, unless a flag or the URL gives one.
.TP
\fBSSL_CERT_FILE\fR, \fBSSL_CERT_DIR\fR
The trusted certificates, instead of the system's.
.TP
\fBNO_COLOR\fR, \fBCLICOLOR_FORCE\fR
Disable color, or force it without a terminal, unless \fB\-\-color\fR decides.
.TP
\fBTERM\fR
With \fBdumb\fR there is no color and no progress line.
.TP
\fBREDIS_DOCTOR_\fR\fIFLAG\fR
The value of a flag: \fBREDIS_DOCTOR_POLICY\fR for \fB\-\-policy\fR, \fBREDIS_DOCTOR_FAIL_ON\fR for \fB\-\-fail\-on\fR. A switch is
true or false. Not for \fB\-\-uri\fR and \fB\-\-pass\fR. A command ignores the variables of flags that it does not have.
.SH FILES
.TP
\fB$XDG_CONFIG_HOME/redis\-doctor/config.toml\fR, or \fB~/.config/redis\-doctor/config.toml\fR
Named targets and values of flags, in TOML; \fB\-\-config\fR or \fBREDIS_DOCTOR_CONFIG\fR names another file. A flag overrides a
variable, and a variable overrides the file.
.PP
.nf
[targets.prod]                    # redis\-doctor ping \-t prod
url = "rediss://cache.example:6380"
pass\-command = "vault read \-field=password secret/redis"
cacert = "~/ca.pem"

[defaults]                        # flags of all commands
target = "prod"
policy = "library"

[soak]                            # flags of one command
fail\-on = ["p99>5ms", "lost>0"]
.fi
.PP
The keys of a target are url and the long names of the connection, login and TLS flags. With a password in it, the file
must belong to the user and have mode 0600.
.SH SIGNALS
.TP
\fBSIGINT\fR, \fBSIGTERM\fR, \fBSIGHUP\fR (on Linux, unless ignored, as under nohup)
End the run and print its report, after SIGTERM within a second; a second SIGINT ends it immediately with status 130.
With \fB\-\-journal\-reopen\fR, SIGHUP does not end the run.
.TP
\fBSIGUSR1\fR, \fBSIGQUIT\fR
Print interim figures and continue.
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_section_and_every_flag() {
        let page = page(None);
        for section in [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "COMMANDS",
            "\"EXIT STATUS\"",
            "ENVIRONMENT",
            "FILES",
            "SIGNALS",
            "EXAMPLES",
        ] {
            assert!(page.contains(&format!(".SH {section}\n")), "{section}");
        }
        let mut root = commands::definition();
        root.build();
        for command in root.get_subcommands() {
            for flag in command.get_arguments().filter_map(clap::Arg::get_long) {
                let flag = format!("\\-\\-{}", flag.replace('-', "\\-"));
                assert!(page.contains(&flag), "{} {flag}", command.get_name());
            }
        }
    }
    #[test]
    fn the_page_of_each_command_has_all_of_its_flags_and_leads_to_others() {
        let names: Vec<_> = commands::names().collect();
        for (name, related) in RELATED {
            assert!([*name].iter().chain(*related).all(|name| names.contains(name)), "{name}: {related:?}");
        }
        for name in names {
            let page = page(Some(name));
            assert!(page.contains(&format!(".TH redis-doctor-{name} 1")), "{page}");
            let definition = commands::definition_of(name).unwrap();
            for flag in definition.get_arguments().filter(|flag| !flag.is_hide_set()).filter_map(clap::Arg::get_long) {
                assert!(page.contains(&format!("\\-\\-{}", flag.replace('-', "\\-"))), "{name} {flag}");
            }
            assert!(page.contains(".SH \"SEE ALSO\"\n\\fBredis\\-doctor\\fR(1)"), "{page}");
        }
    }
}
