# Says what the interpreter that runs this is, as one line of JSON.
# Runs on every Python there is, 2.7 included, so that each can be named.
import json
import platform
import sys
import sysconfig


def variable(name):
    value = sysconfig.get_config_var(name)
    return "" if value is None else str(value)


print("\n" + json.dumps({
    "trueprint": 1,
    "version": list(sys.version_info[:3]),
    "implementation": platform.python_implementation(),
    "build": sys.version,
    "executable": sys.executable or "",
    "prefix": sys.prefix,
    "base_prefix": getattr(sys, "base_prefix", sys.prefix),
    # The first entry is the place of this very script.
    "import_path": [entry for entry in sys.path[1:] if entry],
    "abi_flags": getattr(sys, "abiflags", ""),
    "free_threaded": variable("Py_GIL_DISABLED") == "1",
    "library_folder": variable("LIBDIR"),
    "library_names": [variable("INSTSONAME"), variable("LDLIBRARY")],
    "multiarch": variable("MULTIARCH"),
    "standard_modules": sorted(getattr(sys, "stdlib_module_names", [])),
}))
