//! The Linux error numbers without their own entry: their names and the kernel's texts. Looking one up gives a
//! general entry.

use std::borrow::Cow;

use super::{Entry, Errno, Evidence, Kind, Source, Voice, entry};

/// The entry for errors without their own.
const GENERAL: &str = "RD121";

/// Number, name (`asm-generic/errno-base.h`, `asm-generic/errno.h`), and the text of `strerror(3)` (glibc 2.36).
const NUMBERS: &[(u16, &str, &str)] = &[
    (1, "EPERM", "Operation not permitted"),
    (2, "ENOENT", "No such file or directory"),
    (3, "ESRCH", "No such process"),
    (4, "EINTR", "Interrupted system call"),
    (5, "EIO", "Input/output error"),
    (6, "ENXIO", "No such device or address"),
    (7, "E2BIG", "Argument list too long"),
    (8, "ENOEXEC", "Exec format error"),
    (9, "EBADF", "Bad file descriptor"),
    (10, "ECHILD", "No child processes"),
    (11, "EAGAIN", "Resource temporarily unavailable"),
    (12, "ENOMEM", "Cannot allocate memory"),
    (13, "EACCES", "Permission denied"),
    (14, "EFAULT", "Bad address"),
    (15, "ENOTBLK", "Block device required"),
    (16, "EBUSY", "Device or resource busy"),
    (17, "EEXIST", "File exists"),
    (18, "EXDEV", "Invalid cross-device link"),
    (19, "ENODEV", "No such device"),
    (20, "ENOTDIR", "Not a directory"),
    (21, "EISDIR", "Is a directory"),
    (22, "EINVAL", "Invalid argument"),
    (23, "ENFILE", "Too many open files in system"),
    (24, "EMFILE", "Too many open files"),
    (25, "ENOTTY", "Inappropriate ioctl for device"),
    (26, "ETXTBSY", "Text file busy"),
    (27, "EFBIG", "File too large"),
    (28, "ENOSPC", "No space left on device"),
    (29, "ESPIPE", "Illegal seek"),
    (30, "EROFS", "Read-only file system"),
    (31, "EMLINK", "Too many links"),
    (32, "EPIPE", "Broken pipe"),
    (33, "EDOM", "Numerical argument out of domain"),
    (34, "ERANGE", "Numerical result out of range"),
    (35, "EDEADLK", "Resource deadlock avoided"),
    (36, "ENAMETOOLONG", "File name too long"),
    (37, "ENOLCK", "No locks available"),
    (38, "ENOSYS", "Function not implemented"),
    (39, "ENOTEMPTY", "Directory not empty"),
    (40, "ELOOP", "Too many levels of symbolic links"),
    (42, "ENOMSG", "No message of desired type"),
    (43, "EIDRM", "Identifier removed"),
    (44, "ECHRNG", "Channel number out of range"),
    (45, "EL2NSYNC", "Level 2 not synchronized"),
    (46, "EL3HLT", "Level 3 halted"),
    (47, "EL3RST", "Level 3 reset"),
    (48, "ELNRNG", "Link number out of range"),
    (49, "EUNATCH", "Protocol driver not attached"),
    (50, "ENOCSI", "No CSI structure available"),
    (51, "EL2HLT", "Level 2 halted"),
    (52, "EBADE", "Invalid exchange"),
    (53, "EBADR", "Invalid request descriptor"),
    (54, "EXFULL", "Exchange full"),
    (55, "ENOANO", "No anode"),
    (56, "EBADRQC", "Invalid request code"),
    (57, "EBADSLT", "Invalid slot"),
    (59, "EBFONT", "Bad font file format"),
    (60, "ENOSTR", "Device not a stream"),
    (61, "ENODATA", "No data available"),
    (62, "ETIME", "Timer expired"),
    (63, "ENOSR", "Out of streams resources"),
    (64, "ENONET", "Machine is not on the network"),
    (65, "ENOPKG", "Package not installed"),
    (66, "EREMOTE", "Object is remote"),
    (67, "ENOLINK", "Link has been severed"),
    (68, "EADV", "Advertise error"),
    (69, "ESRMNT", "Srmount error"),
    (70, "ECOMM", "Communication error on send"),
    (71, "EPROTO", "Protocol error"),
    (72, "EMULTIHOP", "Multihop attempted"),
    (73, "EDOTDOT", "RFS specific error"),
    (74, "EBADMSG", "Bad message"),
    (75, "EOVERFLOW", "Value too large for defined data type"),
    (76, "ENOTUNIQ", "Name not unique on network"),
    (77, "EBADFD", "File descriptor in bad state"),
    (78, "EREMCHG", "Remote address changed"),
    (79, "ELIBACC", "Can not access a needed shared library"),
    (80, "ELIBBAD", "Accessing a corrupted shared library"),
    (81, "ELIBSCN", ".lib section in a.out corrupted"),
    (82, "ELIBMAX", "Attempting to link in too many shared libraries"),
    (83, "ELIBEXEC", "Cannot exec a shared library directly"),
    (84, "EILSEQ", "Invalid or incomplete multibyte or wide character"),
    (85, "ERESTART", "Interrupted system call should be restarted"),
    (86, "ESTRPIPE", "Streams pipe error"),
    (87, "EUSERS", "Too many users"),
    (88, "ENOTSOCK", "Socket operation on non-socket"),
    (89, "EDESTADDRREQ", "Destination address required"),
    (90, "EMSGSIZE", "Message too long"),
    (91, "EPROTOTYPE", "Protocol wrong type for socket"),
    (92, "ENOPROTOOPT", "Protocol not available"),
    (93, "EPROTONOSUPPORT", "Protocol not supported"),
    (94, "ESOCKTNOSUPPORT", "Socket type not supported"),
    (95, "EOPNOTSUPP", "Operation not supported"),
    (96, "EPFNOSUPPORT", "Protocol family not supported"),
    (97, "EAFNOSUPPORT", "Address family not supported by protocol"),
    (98, "EADDRINUSE", "Address already in use"),
    (99, "EADDRNOTAVAIL", "Cannot assign requested address"),
    (100, "ENETDOWN", "Network is down"),
    (101, "ENETUNREACH", "Network is unreachable"),
    (102, "ENETRESET", "Network dropped connection on reset"),
    (103, "ECONNABORTED", "Software caused connection abort"),
    (104, "ECONNRESET", "Connection reset by peer"),
    (105, "ENOBUFS", "No buffer space available"),
    (106, "EISCONN", "Transport endpoint is already connected"),
    (107, "ENOTCONN", "Transport endpoint is not connected"),
    (108, "ESHUTDOWN", "Cannot send after transport endpoint shutdown"),
    (109, "ETOOMANYREFS", "Too many references: cannot splice"),
    (110, "ETIMEDOUT", "Connection timed out"),
    (111, "ECONNREFUSED", "Connection refused"),
    (112, "EHOSTDOWN", "Host is down"),
    (113, "EHOSTUNREACH", "No route to host"),
    (114, "EALREADY", "Operation already in progress"),
    (115, "EINPROGRESS", "Operation now in progress"),
    (116, "ESTALE", "Stale file handle"),
    (117, "EUCLEAN", "Structure needs cleaning"),
    (118, "ENOTNAM", "Not a XENIX named type file"),
    (119, "ENAVAIL", "No XENIX semaphores available"),
    (120, "EISNAM", "Is a named type file"),
    (121, "EREMOTEIO", "Remote I/O error"),
    (122, "EDQUOT", "Disk quota exceeded"),
    (123, "ENOMEDIUM", "No medium found"),
    (124, "EMEDIUMTYPE", "Wrong medium type"),
    (125, "ECANCELED", "Operation canceled"),
    (126, "ENOKEY", "Required key not available"),
    (127, "EKEYEXPIRED", "Key has expired"),
    (128, "EKEYREVOKED", "Key has been revoked"),
    (129, "EKEYREJECTED", "Key was rejected by service"),
    (130, "EOWNERDEAD", "Owner died"),
    (131, "ENOTRECOVERABLE", "State not recoverable"),
    (132, "ERFKILL", "Operation not possible due to RF-kill"),
    (133, "EHWPOISON", "Memory page has hardware error"),
];

/// Aliases of a name.
const ALSO: [(&str, &str); 3] = [("EWOULDBLOCK", "EAGAIN"), ("EDEADLOCK", "EDEADLK"), ("ENOTSUP", "EOPNOTSUPP")];

/// Returns a general entry for the error number in a text: as `os error 131` or `errno 131`, as a number on its own, by
/// name, or, if none of these is there, by the kernel's text.
pub(super) fn general(query: &str) -> Option<Cow<'static, Entry>> {
    let (number, name, text) = find(query)?;
    let general = entry(GENERAL)?;
    let meaning = format!(
        "{name} is error number {number} on Linux: {text}. It rarely ends a connection to a server, so there is no \
         specific entry for it. Its meaning depends on the system call that returned it."
    );
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    Some(Cow::Owned(Entry {
        title: format!("{name}: {text}"),
        errno: vec![Errno { name: name.to_owned(), linux: number, macos: None }],
        kind: Kind::Error,
        said_by: vec![Voice::Kernel],
        meaning,
        tell: lines(&[
            "It comes from the operating system of the machine that logged it: a server never sends an errno.",
            "The report's error table shows the stage. To see the system call:",
            "$ strace -f -e trace=network -p PID",
            "Other systems (macOS, BSD) use different numbers for the same names.",
        ]),
        remedy: lines(&[
            "Check the log of the kernel and its security modules at that time:",
            "$ journalctl -k --since -1h",
            "If it ends connections repeatedly, report it to the project so that it gets its own entry.",
        ]),
        sources: vec![
            Source { how: Evidence::Documented, place: "https://man7.org/linux/man-pages/man3/errno.3.html".into() },
            Source { how: Evidence::Code, place: "Linux, include/uapi/asm-generic/errno.h and errno-base.h".into() },
        ],
        ..general.clone()
    }))
}

fn find(query: &str) -> Option<(u16, &'static str, &'static str)> {
    let words: Vec<String> = query
        .split(|char: char| !char.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let numbered = |word: &String| word.parse().ok().and_then(by_number);
    let after = words.windows(2).find(|pair| ["error", "errno"].contains(&pair[0].as_str()));
    // Within a line, "error 5" may mean anything; a number after `os error` or `errno` is an errno.
    let announced = words.windows(3).find(|three| three[0] == "os" && three[1] == "error").map(|three| &three[2]);
    let announced =
        announced.or_else(|| after.filter(|pair| pair[0] == "errno" || words.len() == 2).map(|pair| &pair[1]));
    let alone = words.first().filter(|_| words.len() == 1);
    announced
        .or(alone)
        .and_then(numbered)
        .or_else(|| words.iter().find_map(|word| by_name(word)))
        .or_else(|| NUMBERS.iter().find(|(.., text)| same_words(text, &words)).copied())
}

fn by_number(number: u16) -> Option<(u16, &'static str, &'static str)> {
    NUMBERS.iter().find(|(known, ..)| *known == number).copied()
}

fn by_name(word: &str) -> Option<(u16, &'static str, &'static str)> {
    let name = ALSO.iter().find(|(also, _)| also.eq_ignore_ascii_case(word)).map_or(word, |(_, name)| name);
    NUMBERS.iter().find(|(_, known, _)| known.eq_ignore_ascii_case(name)).copied()
}

/// True if a text consists of exactly these words.
fn same_words(text: &str, words: &[String]) -> bool {
    let of_text = text.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
    of_text.map(str::to_lowercase).eq(words.iter().cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_and_texts_are_those_of_this_system() {
        for (number, name, text) in NUMBERS {
            assert!(name.starts_with('E') && title(*number).chars().count() <= 90, "{name}");
            if cfg!(all(target_os = "linux", target_env = "gnu")) {
                let system = std::io::Error::from_raw_os_error(i32::from(*number)).to_string();
                assert_eq!(system, format!("{text} (os error {number})"));
            }
        }
    }

    fn title(number: u16) -> String {
        general(&number.to_string()).unwrap().title.clone()
    }

    #[test]
    fn an_errno_is_found_by_name_by_number_and_by_the_kernels_text() {
        for query in [
            "132",
            "errno 132",
            "ERFKILL",
            "erfkill",
            "error 132",
            "os error 132",
            "Operation not possible due to RF-kill",
            "2026-11-22 cache 10.0.0.1:6379: Operation not possible due to RF-kill (os error 132)",
            "[Errno 132] Operation not possible",
            "connect: ERFKILL",
        ] {
            let entry = general(query).unwrap_or_else(|| panic!("{query}"));
            assert_eq!((entry.id.as_str(), entry.errno[0].to_string().as_str()), ("RD121", "ERFKILL 132"), "{query}");
            assert!(entry.meaning.contains("RF-kill"), "{}", entry.meaning);
        }
        assert_eq!(general("EWOULDBLOCK").unwrap().errno[0].linux, 11);
    }

    #[test]
    fn other_numbers_and_words_are_not_errnos() {
        for query in
            ["", "0", "41", "134", "99999999", "page 5 of 12", "error 5 in line 12", "e", "operation", "success"]
        {
            assert_eq!(general(query), None, "{query}");
        }
    }
}
