#!/usr/bin/env python3
"""Runs a static x86-64 Linux program on an emulated processor with AVX-512 and its bf16 instructions.

    tools/ci/avx512.py PROGRAM [ARGUMENTS]

The processor is Bochs' (PyPI: bochscpu-python 0.4.0); this file is the kernel: it loads the program,
keeps its memory and answers the system calls that Rust's tests make. Threads take turns at system
calls. No file can be opened but that of random numbers. The exit code is the program's; tools/ci/avx512.sh builds and runs the
tests of fasgard-kernels with it.
"""

import collections
import ctypes
import mmap
import os
import struct
import sys
import time

import bochscpu
import bochscpu._bochscpu
import bochscpu.cpu
import bochscpu.memory

PAGE = 4096
SIZE = 1 << 32  # of the program's memory, mapped one to one; only what is touched is taken
TABLES = 0x1000  # page tables
GATE = 0x10000  # where system calls arrive: a halt
STACK_TOP = 0x3000_0000
MAPPED = 0x4000_0000  # anonymous mappings grow upwards from here
EAGAIN, ENOMEM, ENOENT, EINVAL, ENOTTY, ENOSYS, ETIMEDOUT = 11, 12, 2, 22, 25, 38, 110
RUNNABLE = None
RANDOM = 100  # the file of random numbers


def choose_processor():
    """Bochs has Sapphire Rapids, with bf16; the package always makes a Cannon Lake, without, and has
    no setting for it: its maker is made to jump to the other's."""
    library = ctypes.CDLL(bochscpu._bochscpu.__file__)
    find = lambda name: ctypes.cast(getattr(library, name), ctypes.c_void_p).value
    made = find("_Z23create_corei3_cnl_cpuidP8BX_CPU_C")
    wanted = find("_Z28create_sapphire_rapids_cpuidP8BX_CPU_C")
    page, writable = made & ~(PAGE - 1), mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    if ctypes.CDLL(None, use_errno=True).mprotect(ctypes.c_void_p(page), 2 * PAGE, writable):
        raise SystemExit(f"avx512.py: mprotect: {os.strerror(ctypes.get_errno())}")
    # mov rax, wanted; jmp rax
    ctypes.memmove(made, b"\x48\xb8" + struct.pack("<Q", wanted) + b"\xff\xe0", 12)


class Memory:
    """The program's memory, in one mapping of ours."""

    def __init__(self):
        self.map = mmap.mmap(-1, SIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.base = ctypes.addressof(ctypes.c_char.from_buffer(self.map))

    def missing(self, address):
        page = address & ~(PAGE - 1)
        if page >= SIZE:
            raise SystemExit(f"avx512.py: the program touched {address:#x}, beyond its memory")
        bochscpu.memory.page_insert(page, self.base + page)

    def write(self, address, data):
        self.map[address : address + len(data)] = data

    def read(self, address, size):
        return self.map[address : address + size]

    def word(self, address, form="<I"):
        return struct.unpack(form, self.read(address, struct.calcsize(form)))[0]

    def put(self, address, value, form="<I"):
        self.write(address, struct.pack(form, value))

    def page_tables(self):
        """2 MiB pages, present and writable, every address on itself."""
        flags, large = 0x3, 0x83
        self.put(TABLES, (TABLES + PAGE) | flags, "<Q")
        for gib in range(4):
            directory = TABLES + (2 + gib) * PAGE
            self.put(TABLES + PAGE + 8 * gib, directory | flags, "<Q")
            for entry in range(512):
                at = (gib << 30) + (entry << 21)
                self.put(directory + 8 * entry, at | large, "<Q")

    def load(self, path):
        """The program's segments; entry point, headers and the first free address."""
        with open(path, "rb") as file:
            data = file.read()
        if data[:5] != b"\x7fELF\x02" or struct.unpack_from("<HH", data, 16) != (2, 62):
            raise SystemExit(f"avx512.py: {path}: expected a static x86-64 program that is not position-independent")
        entry, headers = struct.unpack_from("<QQ", data, 24)
        size, count = struct.unpack_from("<HH", data, 54)
        end = at = 0
        for index in range(count):
            kind, _, offset, address, _, in_file, in_memory, _ = struct.unpack_from(
                "<IIQQQQQQ", data, headers + index * size
            )
            if kind == 1:
                self.write(address, data[offset : offset + in_file])
                end = max(end, address + in_memory)
                if offset <= headers < offset + in_file:
                    at = address + headers - offset
        return entry, (at, size, count), end

    def stack(self, arguments, environment, headers, entry):
        """Arguments, environment and auxiliary vector; the stack pointer."""
        top = STACK_TOP

        def put(data):
            nonlocal top
            top -= len(data)
            self.write(top, data)
            return top

        random = put(os.urandom(16))
        name = put(b"x86_64\0")
        arguments, environment = (
            [put(os.fsencode(text) + b"\0") for text in texts] for texts in (arguments, environment)
        )
        at, size, count = headers
        vector = [(3, at), (4, size), (5, count), (6, PAGE), (9, entry), (11, 0), (12, 0), (13, 0),
                  (14, 0), (15, name), (16, 0), (17, 100), (23, 0), (25, random), (0, 0)]  # fmt: skip
        words = [len(arguments), *arguments, 0, *environment, 0, *(v for pair in vector for v in pair)]
        top = (top - 8 * len(words)) & ~0xF
        self.write(top, struct.pack(f"<{len(words)}Q", *words))
        return top


def segment(selector, attributes, base=0):
    result = bochscpu.Segment()
    result.present, result.selector, result.base, result.limit = True, selector, base, 0xFFFFFFFF
    result.attr = attributes
    return result


def first_state(entry, stack):
    state = bochscpu.State()
    bochscpu.cpu.set_long_mode(state)
    state.cr0 = 0x80010033  # paging, write protection, numeric errors, floating point, protected
    # Physical address extension, SSE and its exceptions, XSAVE.
    state.cr4 = 1 << 5 | 1 << 9 | 1 << 10 | 1 << 18
    state.cr3 = TABLES
    state.xcr0 = 0xE7  # x87, SSE, AVX, masks and both halves of the ZMM registers
    state.efer = 0xD01  # long mode, system calls, no-execute
    state.star, state.lstar, state.sfmask = 0x0008 << 32, GATE, 0x700
    state.cs = segment(0x08, 0xA09B)
    for name in ("ds", "es", "ss", "fs", "gs"):
        setattr(state, name, segment(0x10, 0xC093))
    state.rip, state.rsp, state.rflags = entry, stack, 2
    state.mxcsr, state.mxcsr_mask, state.fpcw, state.fptw = 0x1F80, 0xFFFF, 0x37F, 0xFFFF
    return state


REGISTERS = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15".split()


class Thread:
    """Its registers between system calls; vectors belong to the caller of a system call."""

    def __init__(self, number, registers, rip, fs):
        self.number, self.registers, self.rip, self.fs = number, dict(registers), rip, fs
        self.clear = 0
        self.waits = RUNNABLE  # the address of a futex
        self.timed = False


class Linux:
    """System calls."""

    def __init__(self, memory, end):
        self.memory, self.end, self.mapped = memory, (end + PAGE) & ~(PAGE - 1), MAPPED
        self.free = collections.defaultdict(list)
        self.begin = time.monotonic()
        self.threads, self.next = collections.deque(), 2
        self.exit = None
        self.unknown = set()

    def wake(self, address, count):
        woken = 0
        for thread in self.threads:
            if woken < count and thread.waits == address:
                thread.waits = RUNNABLE
                thread.registers["rax"] = 0
                woken += 1
        return woken

    def text(self, address):
        return self.memory.read(address, 256).split(b"\0")[0].decode(errors="replace")

    def schedule(self):
        """The next thread that can run, at the front."""
        for _ in range(len(self.threads)):
            self.threads.rotate(-1)
            if self.threads[0].waits is RUNNABLE:
                return
        # Nobody else will wake a thread that waits for a time at most.
        for thread in list(self.threads):
            if thread.timed:
                while self.threads[0] is not thread:
                    self.threads.rotate(-1)
                thread.waits = RUNNABLE
                thread.registers["rax"] = -ETIMEDOUT
                return
        raise SystemExit("avx512.py: all threads of the program wait")

    def call(self, thread):
        """Answers one system call; whether another thread may go on."""
        r, memory = thread.registers, self.memory
        number, a, b, c, d = r["rax"], r["rdi"], r["rsi"], r["rdx"], r["r10"]
        result, turn = 0, False
        if number == 1:  # write
            if a in (1, 2):
                os.write(a, memory.read(b, c))
            result = c
        elif number == 0:  # read
            if a == RANDOM:
                memory.write(b, os.urandom(c))
                result = c
        elif number == 257 and self.text(b) in ("/dev/random", "/dev/urandom"):  # openat
            result = RANDOM
        elif number == 7:  # poll: all is ready
            for index in range(b):
                _, events, _ = struct.unpack("<ihh", memory.read(a + 8 * index, 8))
                memory.put(a + 8 * index + 6, events, "<h")
                result += events != 0
        elif number == 20:  # writev
            for index in range(c):
                at, size = struct.unpack("<QQ", memory.read(b + 16 * index, 16))
                os.write(a, memory.read(at, size))
                result += size
        elif number == 9:  # mmap
            size = (b + PAGE - 1) & ~(PAGE - 1)
            if not d & 0x20:
                result = -ENOSYS
            elif self.free[size]:
                result = self.free[size].pop()
                memory.write(result, bytes(size))
            elif self.mapped + size > SIZE:
                result = -ENOMEM
            else:
                result, self.mapped = self.mapped, self.mapped + size
        elif number == 11:  # munmap
            self.free[(b + PAGE - 1) & ~(PAGE - 1)].append(a)
        elif number == 12:  # brk
            if self.end <= a < STACK_TOP - (64 << 20):
                self.end = a
            result = self.end
        elif number == 25:  # mremap: the caller copies
            result = -ENOMEM
        elif number == 158:  # arch_prctl
            if a == 0x1002:
                thread.fs = b
            else:
                result = -EINVAL
        elif number == 56:  # clone
            if not a & 0x100:
                result = -ENOSYS
            else:
                result, self.next = self.next, self.next + 1
                child = Thread(result, {**r, "rax": 0, "rsp": b}, thread.rip, thread.fs)
                child.fs = r["r8"] if a & 0x80000 else thread.fs
                child.clear = d if a & 0x200000 else 0
                if a & 0x100000:
                    memory.put(c, result)
                self.threads.append(child)
        elif number == 202:  # futex
            operation = b & 0x7F
            if operation in (0, 9):
                if memory.word(a) != c & 0xFFFFFFFF:
                    result = -EAGAIN
                else:
                    thread.waits, thread.timed, turn = a, d != 0, True
            elif operation in (1, 10):
                result, turn = self.wake(a, c), True
            else:
                result = -ENOSYS
        elif number in (24, 35, 230):  # sched_yield, sleeps
            turn = True
        elif number == 60:  # exit
            self.threads.remove(thread)
            if thread.clear:
                memory.put(thread.clear, 0)
                self.wake(thread.clear, 1)
            if not self.threads:
                self.exit = a
            return True
        elif number == 231:  # exit_group
            self.exit = a & 0xFF
        elif number == 228:  # clock_gettime
            seconds = time.monotonic() - self.begin + 1
            memory.write(b, struct.pack("<QQ", int(seconds), int(seconds % 1 * 1e9)))
        elif number == 318:  # getrandom
            memory.write(a, os.urandom(b))
            result = b
        elif number == 204:  # sched_getaffinity: one processor
            memory.put(c, 1, "<Q")
            result = 8
        elif number == 302:  # prlimit64
            if d:
                memory.write(d, struct.pack("<QQ", 8 << 20, 8 << 20))
        elif number == 63:  # uname
            fields = ["Linux", "emulated", "6.1.0", "#1", "x86_64", ""]
            memory.write(a, b"".join(field.encode().ljust(65, b"\0") for field in fields))
        elif number in (39, 186, 218):  # getpid, gettid, set_tid_address
            result = thread.number
        elif number == 16:  # ioctl
            result = -ENOTTY
        elif number in (2, 4, 6, 21, 79, 83, 87, 89, 257, 258, 262, 267, 269, 332):  # files
            result = -ENOENT
        elif number in (3, 5, 10, 13, 14, 28, 72, 131, 157, 234, 271, 273):
            pass  # nothing to read, protect or signal
        else:
            self.unknown.add(number)
            result = -ENOSYS
        r["rax"] = result
        return turn


def run(path, arguments):
    memory = Memory()
    memory.page_tables()
    memory.write(GATE, b"\xf4")
    entry, headers, end = memory.load(path)
    environment = ["RAYON_NUM_THREADS=1", "MALLOC_MMAP_THRESHOLD_=1073741824", "RUST_BACKTRACE=0"]
    environment += [f"{k}={v}" for k, v in os.environ.items() if k.startswith(("FASGARD_", "PROPTEST_"))]
    linux = Linux(memory, end)
    state = first_state(entry, memory.stack([path, *arguments], environment, headers, entry))

    choose_processor()
    session = bochscpu.Session()
    session.missing_page_handler = memory.missing
    hook = bochscpu.Hook()
    hook.hlt = lambda session, cpu: session.stop()
    faults = []
    hook.exception = lambda session, cpu, vector, code: (faults.append(vector), session.stop())
    main = Thread(1, {name: getattr(state, name) for name in REGISTERS}, entry, 0)
    linux.threads.append(main)
    session.cpu.state = state
    while True:
        session.run([hook])
        thread = linux.threads[0]
        state = session.cpu.state
        if faults:
            code = memory.read(state.rip, 16).hex() if state.rip < SIZE else ""
            raise SystemExit(f"avx512.py: exception {faults} at {state.rip:#x} ({code})")
        thread.registers = {name: getattr(state, name) for name in REGISTERS}
        thread.rip = thread.registers["rcx"]
        turn = linux.call(thread)
        if linux.exit is not None:
            break
        if turn:
            linux.schedule()
            thread = linux.threads[0]
        for name, value in thread.registers.items():
            setattr(state, name, value & 0xFFFFFFFFFFFFFFFF)
        state.rip, state.rflags = thread.rip, 2
        state.fs = segment(0x10, 0xC093, thread.fs)
        session.cpu.state = state
    if linux.unknown:
        print(f"avx512.py: system calls not known: {sorted(linux.unknown)}", file=sys.stderr)
    return linux.exit


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(run(sys.argv[1], sys.argv[2:]))
