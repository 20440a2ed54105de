//! Files that are no guides: each is told with its place, and what to do.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use trueprint::document::{self, Format};
use trueprint::snippet;

/// Reads a file with `content`, and gives the message, with the folder cut.
fn message(name: &str, content: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join(name);
    std::fs::write(&path, content).expect("the file can be written");
    message_of(folder.path(), &path)
}

fn message_of(folder: &Path, path: &Path) -> String {
    match document::read(path, None) {
        Ok(_) => "read".to_owned(),
        Err(error) => error
            .to_string()
            .replace(&format!("{}/", folder.display()), ""),
    }
}

#[test]
fn bytes_that_are_no_text() {
    assert_eq!(
        message("latin1.md", b"fine\nna\xefve\n"),
        "latin1.md:2:3: byte 0xef is not UTF-8; save the guide as UTF-8 \
         (`iconv -f latin1 -t utf-8` converts from Latin-1)"
    );
    assert_eq!(
        message("binary.md", b"\x7fELF\n\x01\0"),
        "binary.md:2:2: holds a NUL byte, so this is not a text; leave it out, or remove the byte"
    );
    assert_eq!(
        message("wide.md", b"\xff\xfea\0b\0"),
        "wide.md:1:4: holds a NUL byte, so this is not a text; save it as UTF-8, it looks like UTF-16"
    );
    assert_eq!(message("empty.md", b""), "read");
}

#[test]
fn paths_that_are_no_files() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let inside = |name: &str| folder.path().join(name);
    let message = |name: &str| message_of(folder.path(), &inside(name));

    assert_eq!(
        message("missing.md"),
        "missing.md: there is no such file; check the name, it is taken relative to the current folder"
    );
    std::fs::create_dir(inside("folder.md")).expect("a folder can be made");
    assert_eq!(
        message("folder.md"),
        "folder.md: this is a folder, and a guide is a file; name the files in it"
    );
    let pipe = std::ffi::CString::new(inside("pipe.md").as_os_str().as_bytes()).expect("a path");
    nix::unistd::mkfifo(pipe.as_c_str(), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    assert_eq!(
        message("pipe.md"),
        "pipe.md: this is not a regular file but a pipe; write its content to a file and name that"
    );
    std::os::unix::fs::symlink(inside("loop.md"), inside("loop.md")).expect("a link");
    assert!(message("loop.md").starts_with("loop.md: cannot be read: "));
    std::fs::write(inside("target.md"), "```python\nx = 1\n```\n").expect("a file");
    std::os::unix::fs::symlink(inside("target.md"), inside("link.md")).expect("a link");
    assert_eq!(message("link.md"), "read");
    let large = std::fs::File::create(inside("large.md")).expect("a file");
    large.set_len(65 << 20).expect("a length");
    assert_eq!(
        message("large.md"),
        "large.md: has 68157440 bytes, and a guide may have at most 64 MB; split it, or leave it out"
    );
}

#[test]
fn line_ends_and_marks_keep_the_lines() {
    for text in [
        "\u{feff}Words.\r\n\r\n```python\r\nx = 1\r\n\tif\r\n```\r\n",
        "Words.\r\r```python\rx = 1\r\tif\r```\r",
        "Words.\n\n```python\nx = 1\n\tif\n```",
    ] {
        let document = document::parse(Path::new("guide.md"), text, Format::Markdown);
        let guide = snippet::from_document(&document);
        assert_eq!(guide.snippets.len(), 1, "{text:?}");
        assert_eq!(guide.snippets[0].place.to_string(), "4", "{text:?}");
        assert_eq!(&*guide.snippets[0].text, "x = 1\n\tif", "{text:?}");
    }
}
