//! Starts CPython inside the process, as the chosen interpreter would start.
//!
//! `PyConfig` is not in the stable ABI and its layout changes from version to
//! version, but it need not be read: it is filled by CPython itself from the
//! arguments that the interpreter's own executable would be given. Nothing is
//! set by hand, so prefixes, paths and encodings are that interpreter's.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Bytes for a `PyConfig`, which is at most 456 bytes long up to 3.15.
const CONFIG_BYTES: usize = 8 << 10;

#[repr(C, align(16))]
struct Config([u8; CONFIG_BYTES]);

/// `PyStatus`, which is the same in all versions.
#[repr(C)]
struct Status {
    kind: c_int,
    function: *const c_char,
    message: *const c_char,
    exit_code: c_int,
}

impl Status {
    fn check(&self, step: &str) -> Result<(), String> {
        if self.kind == 0 {
            return Ok(());
        }
        let message = if self.message.is_null() {
            "no reason given".into()
        } else {
            // SAFETY: CPython's messages are static C strings.
            unsafe { CStr::from_ptr(self.message) }.to_string_lossy()
        };
        Err(format!("{step}: {message}"))
    }
}

/// Looks up a function of the loaded CPython.
///
/// # Safety
///
/// `F` must be the function's type.
pub unsafe fn function<F: Copy>(name: &CStr) -> Option<F> {
    const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
    // SAFETY: the name is a C string; the caller answers for the type.
    unsafe {
        let address = libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr());
        (!address.is_null()).then(|| std::mem::transmute_copy(&address))
    }
}

/// Initialises CPython as `executable` would; the thread holds the GIL then.
pub fn start(executable: &Path) -> Result<(), String> {
    let program = CString::new(executable.as_os_str().as_bytes())
        .map_err(|_| format!("{} has a NUL byte in it", executable.display()))?;
    let arguments = [program.as_ptr(), c"-c".as_ptr(), c"pass".as_ptr()];
    // SAFETY: the signatures are those of CPython's documentation.
    unsafe {
        type Initialise = unsafe extern "C" fn(*mut Config);
        type SetArguments =
            unsafe extern "C" fn(*mut Config, isize, *const *const c_char) -> Status;
        type Start = unsafe extern "C" fn(*const Config) -> Status;
        let initialise = function::<Initialise>(c"PyConfig_InitPythonConfig");
        let set_arguments = function::<SetArguments>(c"PyConfig_SetBytesArgv");
        let start = function::<Start>(c"Py_InitializeFromConfig");
        let clear = function::<Initialise>(c"PyConfig_Clear");
        let (Some(initialise), Some(set_arguments), Some(start), Some(clear)) =
            (initialise, set_arguments, start, clear)
        else {
            return start_by_name(&arguments);
        };
        let mut config = Box::new(Config([0; CONFIG_BYTES]));
        initialise(&mut *config);
        set_arguments(&mut *config, arguments.len() as isize, arguments.as_ptr())
            .check("cannot set the arguments")?;
        start(&*config).check("cannot initialise")?;
        clear(&mut *config);
    }
    Ok(())
}

/// The same through `PyInitConfig`, whose fields have names (3.14 on).
///
/// # Safety
///
/// The arguments must be C strings, and CPython loaded.
unsafe fn start_by_name(arguments: &[*const c_char]) -> Result<(), String> {
    type Create = unsafe extern "C" fn() -> *mut c_void;
    type Free = unsafe extern "C" fn(*mut c_void);
    type SetNumber = unsafe extern "C" fn(*mut c_void, *const c_char, i64) -> c_int;
    type SetTexts =
        unsafe extern "C" fn(*mut c_void, *const c_char, usize, *const *const c_char) -> c_int;
    type GetError = unsafe extern "C" fn(*mut c_void, *mut *const c_char) -> c_int;
    type Start = unsafe extern "C" fn(*mut c_void) -> c_int;
    // SAFETY: the signatures are those of CPython's documentation.
    unsafe {
        let missing = || "this CPython has no way of initialisation that is known".to_owned();
        let create = function::<Create>(c"PyInitConfig_Create").ok_or_else(missing)?;
        let free = function::<Free>(c"PyInitConfig_Free").ok_or_else(missing)?;
        let number = function::<SetNumber>(c"PyInitConfig_SetInt").ok_or_else(missing)?;
        let texts = function::<SetTexts>(c"PyInitConfig_SetStrList").ok_or_else(missing)?;
        let error = function::<GetError>(c"PyInitConfig_GetError").ok_or_else(missing)?;
        let start = function::<Start>(c"Py_InitializeFromInitConfig").ok_or_else(missing)?;
        let config = create();
        if config.is_null() {
            return Err("no memory for the configuration".into());
        }
        // It begins isolated: undo that, as `python` does.
        let fields = [
            (c"isolated", 0),
            (c"use_environment", 1),
            (c"user_site_directory", 1),
            (c"safe_path", 0),
            (c"parse_argv", 1),
            (c"install_signal_handlers", 1),
            (c"configure_locale", 1),
            (c"coerce_c_locale", 1),
            (c"configure_c_stdio", 1),
        ];
        let set = fields
            .iter()
            .all(|(name, value)| number(config, name.as_ptr(), *value) == 0)
            && texts(
                config,
                c"argv".as_ptr(),
                arguments.len(),
                arguments.as_ptr(),
            ) == 0;
        let result = if set && start(config) == 0 {
            Ok(())
        } else {
            let mut message = std::ptr::null();
            error(config, &mut message);
            Err(if message.is_null() {
                "cannot initialise: no reason given".into()
            } else {
                let message = CStr::from_ptr(message).to_string_lossy();
                format!("cannot initialise: {message}")
            })
        };
        free(config);
        result
    }
}
