"""Starts here: reads the program, makes a process for it, reads the tests, runs them, and writes one line of JSON.

The order is what keeps the tests to themselves: the program's process is made before this one has read a test, and this one is
closed to others of its user before (PR_SET_DUMPABLE: no reading of its memory, its descriptors, its environment).
"""
import ctypes
import resource
import socket

PR_SET_DUMPABLE = 4


def set_dumpable(value):
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_DUMPABLE")


def read_part(descriptor):
    """A line with a number of bytes, and as many bytes: not one byte more is read."""
    count = b""
    while not count.endswith(b"\n"):
        byte = os.read(descriptor, 1)
        if not byte:
            raise Closed()
        count += byte
    return json.loads(read_exactly(descriptor, int(count), lambda descriptor: None))


def be_program(channel, limits):
    set_dumpable(1)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    # What it prints goes where its complaints go; the other pipe is the verdict's.
    os.dup2(2, 1)
    descriptor = os.dup2(channel.fileno(), 3)
    os.closerange(4, 4096)
    seconds = max(1, -int(-limits["cpuSeconds"] // 1))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_DATA, (limits["memoryBytes"], limits["memoryBytes"]))
    program = Program(descriptor)
    program.serve()


class Judge:
    def __init__(self, tests, given):
        self.tests = tests
        self.given = given
        self.passed = 0
        self.total = 0

    def say(self, verdict, message=None, **facts):
        return {"verdict": verdict, "message": message, "passed": self.passed, "total": self.total, "facts": facts}

    def run(self):
        given = self.given
        names = Names(self.tests)
        try:
            pieces = self.compiled(names)
        except (SyntaxError, ValueError) as error:
            return self.say("test-fault", "the tests do not compile: %s" % error)
        self.total = len(pieces)
        first = self.guarded(lambda: self.tests.ask(["run", given["program"], list(self.tests.shared)]), "load")
        if first is not None:
            return first
        return self.run_pieces(names, pieces)

    def compiled(self, names):
        given = self.given
        if given["prompt"]:
            try:
                # Helpers of the prompt that tests call are these, and not what the program made of them.
                exec(compile(given["prompt"], "prompt.py", "exec"), names)
            except Exception:
                pass  # A prompt that is no whole program has no helpers.
            self.tests.shared = {name: kind for name, kind in names.items() if type(kind) is type}
        for name in (given["entryPoint"],) + ("check",):
            dict.pop(names, name, None)
        setup = compile(given["setup"], "tests.py", "exec")
        pieces = [compile(piece, "tests.py", "exec") for piece in given["pieces"]]
        return [setup] + pieces if given["form"] == "check" else [(setup, piece) for piece in pieces]

    def run_pieces(self, names, pieces):
        if self.given["form"] == "check":
            self.total = 1
            fault = self.guarded(lambda: exec(pieces[0], names, names), "setup")
            if fault is not None:
                return fault
            check = dict.get(names, "check")
            if not callable(check) or isinstance(check, Handle):
                return self.say("test-fault", "the tests define no function check")
            return self.one(lambda: check(names[self.given["entryPoint"]])) or self.say("passed")
        first = self.guarded(lambda: exec(pieces[0][0], names, names), "setup") if pieces else None
        if first is not None:
            return first
        for _, piece in pieces:
            failed = self.one(lambda: exec(piece, names, names))
            if failed is not None:
                first = first or failed
                if failed["verdict"] not in ("wrong-answer", "exception", "missing-name"):
                    break
        if not pieces:
            return self.say("test-fault", "there are no tests")
        return dict(first, passed=self.passed, total=self.total) if first else self.say("passed")

    def one(self, action):
        failed = self.guarded(action, "test")
        if failed is None:
            self.passed += 1
        return failed

    def guarded(self, action, when):
        """null, or why it failed."""
        try:
            action()
            return None
        except OutOfTime:
            return self.say("timeout", "it was not through after %.1f s" % (self.tests.seconds + self.tests.waited))
        except Closed:
            return self.ended()
        except CannotGive as error:
            return self.say("test-fault", str(error))
        except ProtocolError as error:
            return self.say("tampered", str(error))
        except TooLarge as error:
            return self.say("wrong-answer", str(error))
        except ProgramExit as error:
            return self.say("exited", "%s was raised" % error, **(self.tests.raised_facts or {}))
        except BaseException as error:
            return self.of_error(error, when)

    def of_error(self, error, when):
        tests = self.tests
        text = "%s: %s" % (type(error).__name__, str(error)[:2000])
        if error is tests.raised:
            return self.of_program_error(tests.raised_facts, when)
        if isinstance(error, KeyError) and error.args == (self.given["entryPoint"],) and when == "test":
            return self.say("missing-name", "the program defines no %s" % self.given["entryPoint"])
        if isinstance(error, NameError) and not isinstance(error, UnboundLocalError):
            return self.say("missing-name", text)
        if isinstance(error, (ImportError, SystemExit, KeyboardInterrupt)) or when == "setup":
            return self.say("test-fault", text)
        place = line_of(error)
        message = str(error)[:2000] if isinstance(error, AssertionError) else text
        return self.say("wrong-answer", message or None, **({"testLine": place} if place else {}))

    def of_program_error(self, facts, when):
        text = "%s: %s" % (facts["kind"], facts["text"])
        if when == "load" and facts["kind"] in ("SyntaxError", "IndentationError", "TabError"):
            return self.say("syntax-error", text, **facts)
        if facts["kind"] == "MemoryError":
            return self.say("memory", "it used more memory than it may", **facts)
        named = {errno.EAGAIN: "processes", errno.EFBIG: "file-size", errno.ENOSPC: "disk"}.get(facts["errno"])
        return self.say(named or "exception", text, **facts)

    def ended(self):
        """The program's process is gone: how it ended is what the kernel says, and no word of its own."""
        _, status, usage = os.wait4(self.tests.pid, 0)
        seconds = usage.ru_utime + usage.ru_stime
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            if number in (signal.SIGXCPU, signal.SIGKILL) and seconds >= max(1, self.given["limits"]["cpuSeconds"]) - 0.2:
                return self.say("timeout", "it used %.1f s of CPU" % seconds)
            if number == signal.SIGXFSZ:
                return self.say("file-size", "it wrote a larger file than it may")
            return self.say("killed", "signal %d" % number, signal=number)
        return self.say("exited", "exit code %d" % os.WEXITSTATUS(status), exitCode=os.WEXITSTATUS(status))


def line_of(error):
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "tests.py":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def end_program(pid):
    for kill, number in ((os.killpg, pid), (os.kill, pid)):
        try:
            kill(number, signal.SIGKILL)
        except OSError:
            pass  # It has ended.


def main():
    # Where the verdict goes. What tests print goes nowhere.
    verdict_to = os.dup(1)
    os.set_inheritable(verdict_to, False)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    set_dumpable(0)
    first = read_part(0)
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            be_program(theirs, first["limits"])
        finally:
            # Not reached by a program that lets this file's code alone.
            os._exit(70)
    theirs.close()
    given = read_part(0)
    started = time.monotonic()
    tests = Tests(ours.fileno(), pid, first["limits"]["wallSeconds"])
    try:
        said = Judge(tests, given).run()
    finally:
        end_program(pid)
    said["seconds"] = time.monotonic() - started
    os.write(verdict_to, (json.dumps(said) + "\n").encode())
    os._exit(0)


main()
