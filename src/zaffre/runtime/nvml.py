"""GPUs as NVIDIA's driver shows them, through its own library: standard library only."""

from __future__ import annotations

import ctypes

LIBRARY = "libnvidia-ml.so.1"
_TEXT = 96


class _Memory(ctypes.Structure):
    _fields_ = (
        ("total", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


class _Utilization(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


class Nvml:
    """The driver's library, loaded and initialised."""

    def __init__(self, library: str = LIBRARY) -> None:
        """Load it.

        Raises:
            OSError: there is no driver, or it refuses.
        """
        self._library = ctypes.CDLL(library)
        self._call("nvmlInit_v2")

    def gpus(self) -> list[tuple[int, str, int, str]]:
        """Give place, name, bytes of memory and UUID of each GPU.

        Raises:
            OSError: the driver refuses.
        """
        count = ctypes.c_uint()
        self._call("nvmlDeviceGetCount_v2", ctypes.byref(count))
        return [self._facts(index) for index in range(count.value)]

    def usage(self, index: int) -> tuple[float, int, int]:
        """Give how busy a GPU is (0 to 1), and its used and its whole memory in bytes.

        Raises:
            OSError: the driver refuses.
        """
        device, rates = self._device(index), _Utilization()
        self._call("nvmlDeviceGetUtilizationRates", device, ctypes.byref(rates))
        memory = self._memory(device)
        return rates.gpu / 100, memory.used, memory.total

    def _facts(self, index: int) -> tuple[int, str, int, str]:
        device = self._device(index)
        name = self._text("nvmlDeviceGetName", device)
        return index, name, self._memory(device).total, self._text("nvmlDeviceGetUUID", device)

    def _device(self, index: int) -> ctypes.c_void_p:
        device = ctypes.c_void_p()
        self._call("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(device))
        return device

    def _memory(self, device: ctypes.c_void_p) -> _Memory:
        memory = _Memory()
        self._call("nvmlDeviceGetMemoryInfo", device, ctypes.byref(memory))
        return memory

    def _text(self, function: str, device: ctypes.c_void_p) -> str:
        text = ctypes.create_string_buffer(_TEXT)
        self._call(function, device, text, ctypes.c_uint(_TEXT))
        return text.value.decode(errors="replace")

    def _call(self, function: str, *arguments: object) -> None:
        try:
            number = getattr(self._library, function)(*arguments)
        except AttributeError as error:
            raise OSError(f"The driver has no `{function}`.") from error
        if number:
            raise OSError(number, f"The driver refuses `{function}` ({number}).")
