"""Becomes `sitecustomize` of the Python under Wine: what Wine 8 lacks, and nothing else."""

import _winapi
import ctypes
import sys

sys.modules["_wmi"] = None  # type: ignore[assignment]  # Wine has no WMI, and `platform` would wait for it
del _winapi.CopyFile2  # type: ignore[attr-defined]  # Wine only has a stub for it, which aborts; `shutil` copies without it

# numpy calls two functions of C's complex numbers as it is imported. Wine only has stubs for them, which abort.
_COMPLEX = {b"crealf": "660f6ec1c3", b"cimagf": "48c1e920660f6ec1c3"}  # movd xmm0, ecx, of either half; ret
_WRITABLE = 0x40  # PAGE_EXECUTE_READWRITE


def _write(name: bytes, code: bytes) -> None:
    kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]
    kernel.GetModuleHandleW.restype = kernel.GetProcAddress.restype = ctypes.c_void_p
    kernel.GetProcAddress.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    kernel.VirtualProtect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_ulong, ctypes.c_void_p]
    at = kernel.GetProcAddress(kernel.GetModuleHandleW("ucrtbase.dll"), name)
    if kernel.VirtualProtect(at, len(code), _WRITABLE, ctypes.byref(ctypes.c_ulong())):
        ctypes.memmove(at, code, len(code))


for _name, _code in _COMPLEX.items():
    _write(_name, bytes.fromhex(_code))
