//! Which modules belong to Python's standard library.
//!
//! Asked where an import fails: a missing package is a reason to skip, a module
//! that Python no longer has is the guide's mistake.

/// The standard modules of 3.9, which cannot say so itself; later ones say.
const OF_3_9: &[&str] = &[
    "__future__", "abc", "aifc", "argparse", "array", "ast", "asynchat", "asyncio", "asyncore",
    "atexit", "audioop", "base64", "bdb", "binascii", "binhex", "bisect", "builtins", "bz2",
    "cProfile", "calendar", "cgi", "cgitb", "chunk", "cmath", "cmd", "code", "codecs", "codeop",
    "collections", "colorsys", "compileall", "concurrent", "configparser", "contextlib",
    "contextvars", "copy", "copyreg", "crypt", "csv", "ctypes", "dataclasses", "datetime",
    "decimal", "difflib", "dis", "distutils", "doctest", "email", "encodings", "enum", "errno",
    "faulthandler", "fcntl", "filecmp", "fileinput", "fnmatch", "formatter", "fractions",
    "ftplib", "functools", "gc", "genericpath", "getopt", "getpass", "gettext", "glob",
    "graphlib", "grp", "gzip", "hashlib", "heapq", "hmac", "html", "http", "imaplib", "imghdr",
    "imp", "importlib", "inspect", "io", "ipaddress", "itertools", "json", "keyword",
    "linecache", "locale", "logging", "lzma", "mailbox", "mailcap", "marshal", "math",
    "mimetypes", "mmap", "modulefinder", "multiprocessing", "netrc", "nntplib", "ntpath",
    "numbers", "opcode", "operator", "optparse", "os", "parser", "pathlib", "pdb", "pickle",
    "pickletools", "pipes", "pkgutil", "platform", "plistlib", "poplib", "posix", "posixpath",
    "pprint", "profile", "pstats", "pty", "pwd", "py_compile", "pyclbr", "pydoc", "queue",
    "quopri", "random", "re", "reprlib", "resource", "rlcompleter", "runpy", "sched", "secrets",
    "select", "selectors", "shelve", "shlex", "shutil", "signal", "site", "smtpd", "smtplib",
    "sndhdr", "socket", "socketserver", "spwd", "sqlite3", "sre_compile", "sre_constants",
    "sre_parse", "ssl", "stat", "statistics", "string", "stringprep", "struct", "subprocess",
    "sunau", "symbol", "symtable", "sys", "sysconfig", "syslog", "tabnanny", "tarfile",
    "telnetlib", "tempfile", "termios", "textwrap", "this", "threading", "time", "timeit",
    "token", "tokenize", "trace", "traceback", "tracemalloc", "tty", "types", "typing",
    "unicodedata", "unittest", "urllib", "uu", "uuid", "warnings", "wave", "weakref",
    "webbrowser", "wsgiref", "xdrlib", "xml", "xmlrpc", "zipapp", "zipfile", "zipimport", "zlib",
    "zoneinfo",
];

/// Modules that some later version of Python no longer has.
const REMOVED: &[&str] = &[
    "aifc", "asynchat", "asyncore", "audioop", "binhex", "cgi", "cgitb", "chunk", "crypt",
    "distutils", "formatter", "imghdr", "imp", "lib2to3", "macpath", "mailcap", "nis", "nntplib",
    "ossaudiodev", "parser", "pipes", "smtpd", "sndhdr", "spwd", "sunau", "symbol", "telnetlib",
    "uu", "xdrlib",
];

/// Modules that came later than 3.9, so that their absence is the version's.
const ADDED: &[&str] = &["annotationlib", "compression", "tomllib"];

/// Standard modules that an installation can lack: other packages, or systems,
/// bring them.
const OPTIONAL: &[&str] = &[
    "curses", "dbm", "ensurepip", "idlelib", "msilib", "msvcrt", "readline", "test", "tkinter",
    "turtle", "turtledemo", "venv", "winreg", "winsound",
];

/// Whether the absence of a module is a reason to skip rather than a mistake of
/// the guide: it is a package that is not installed.
pub fn is_package(module: &str, standard: &[String]) -> bool {
    let top = module.split('.').next().unwrap_or(module);
    if OPTIONAL.contains(&top) {
        return true;
    }
    if REMOVED.contains(&top) || ADDED.contains(&top) {
        return false;
    }
    if top.starts_with('_') && top != "__future__" {
        return true;
    }
    if standard.is_empty() {
        !OF_3_9.contains(&top)
    } else {
        !standard.iter().any(|name| name == top)
    }
}
