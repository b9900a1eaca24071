import type { AnswerVerdict } from "../../../../suites/code/contract/judged.ts";

/** A program that does what no answer should, and how it is judged. None of them squares its argument unless it says so. */
export interface HostileProgram {
  readonly name: string;
  readonly source: (place: HostilePlace) => string;
  /** One of these: which limit a kind of sandbox reaches first may differ. */
  readonly verdicts: readonly AnswerVerdict[];
  /** What its stderr or the message says. */
  readonly says?: RegExp;
  /** It reaches a limit of time. */
  readonly slow?: true;
}

/** What lies outside of the sandbox. */
export interface HostilePlace {
  /** A folder of the machine with a file `secret` in it. */
  readonly folder: string;
  readonly port: number;
}

const doing = (lines: string) => `def square(x):\n${lines.replaceAll(/^/gm, "    ")}\n`;

/** Takes more than it is given. */
const greedy: readonly HostileProgram[] = [
  { name: "loops", source: () => doing("while True: pass"), verdicts: ["timeout"] },
  {
    slow: true,
    name: "loops when it is loaded",
    source: () => `while True: pass\n${doing("return 1")}`,
    verdicts: ["timeout"],
  },
  {
    slow: true,
    name: "loops, and ignores signals",
    source: () =>
      `import signal\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n    except Exception: pass\n${doing("while True: pass")}`,
    verdicts: ["timeout"],
  },
  {
    slow: true,
    name: "forks without end",
    source: () => doing("import os\nwhile True: os.fork()"),
    verdicts: ["processes", "timeout", "killed"],
  },
  {
    slow: true,
    name: "forks without end, and ignores that it may not",
    source: () => doing("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"),
    verdicts: ["timeout", "processes", "killed"],
  },
  {
    name: "starts threads without end",
    source: () =>
      doing("import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,)).start()"),
    verdicts: ["exception", "processes", "killed", "memory"],
  },
  { name: "eats 10 GB", source: () => doing("return len(bytearray(10 * 1024**3))"), verdicts: ["memory"] },
  {
    name: "eats 10 GB piece by piece",
    source: () => doing("held = []\nwhile True: held.append(bytearray(10**7))"),
    verdicts: ["memory"],
  },
  {
    slow: true,
    name: "eats 10 GB in many processes",
    source: () =>
      doing(
        "import os, time\nfor _ in range(40):\n    if os.fork() == 0:\n        held = bytearray(10**8)\n        time.sleep(5)\n        os._exit(0)\ntime.sleep(5)\nraise ValueError('it was let')",
      ),
    verdicts: ["memory", "killed", "exception"],
  },
  {
    slow: true,
    name: "prints 1 GB",
    source: () => doing("for _ in range(1024): print('x' * 1024**2)\nreturn x * x"),
    verdicts: ["output", "timeout"],
  },
  {
    name: "writes a file of 1 GB",
    source: () =>
      doing("with open('/workspace/large', 'wb') as f:\n    for _ in range(1024): f.write(b'x' * 1024**2)"),
    verdicts: ["file-size"],
  },
  {
    name: "writes many files of 10 MB",
    source: () =>
      doing(
        "for n in range(1024):\n    with open('/workspace/%d' % n, 'wb') as f: f.write(b'x' * 10**7)\nimport time\ntime.sleep(10)",
      ),
    verdicts: ["disk"],
  },
  {
    name: "fills /tmp",
    source: () =>
      doing(
        "for n in range(1024):\n    with open('/tmp/%d' % n, 'wb') as f: f.write(b'x' * 10**7)\nimport time\ntime.sleep(10)",
      ),
    verdicts: ["disk", "memory"],
  },
  { slow: true, name: "sleeps", source: () => doing("import time\ntime.sleep(1000)"), verdicts: ["timeout"] },
  {
    name: "waits for input",
    source: () => doing("return int(input())"),
    verdicts: ["exception"],
    says: /EOFError/,
  },
  {
    name: "calls itself without end",
    source: () => doing("return square(x)"),
    verdicts: ["exception"],
    says: /RecursionError/,
  },
  {
    name: "gives a value without end",
    source: () => doing("held = []\nheld.append(held)\nreturn held"),
    verdicts: ["exception", "wrong-answer"],
  },
  {
    name: "gives a value of 100 MB",
    source: () => doing("return 'x' * 10**8"),
    verdicts: ["wrong-answer", "memory"],
  },
  {
    name: "makes folders in folders until no name is short enough",
    source: () =>
      doing("import os\nfor _ in range(60):\n    os.mkdir('a' * 200)\n    os.chdir('a' * 200)\nreturn 1"),
    verdicts: ["wrong-answer", "disk"],
  },
  {
    name: "closes its folders to all",
    source: () => doing("import os\nos.makedirs('a/b/c')\nos.chmod('a/b', 0)\nos.chmod('a', 0)\nreturn 1"),
    verdicts: ["wrong-answer"],
  },
];

/** Reaches for what is not its own. */
const curious: readonly HostileProgram[] = [
  {
    name: "writes elsewhere",
    source: ({ folder }) => doing(`open('${folder}/written', 'w').write('x')\nreturn x * x`),
    verdicts: ["exception"],
    says: /No such file|Read-only|Permission/,
  },
  {
    name: "writes among the programs",
    source: () => doing("open('/usr/lib/tollgate-canary', 'w').write('x')\nreturn x * x"),
    verdicts: ["exception"],
    says: /Read-only|Permission/,
  },
  {
    name: "reads a file of the machine",
    source: ({ folder }) => doing(`print(open('${folder}/secret').read())\nreturn x * x`),
    verdicts: ["exception"],
    says: /No such file|Permission/,
  },
  {
    name: "reads a key of the environment",
    source: () => doing("import os\nprint(os.environ['OPENAI_API_KEY'])\nreturn x * x"),
    verdicts: ["exception"],
    says: /KeyError/,
  },
  {
    name: "reads the environment of all processes",
    source: () =>
      doing(
        "import glob\nfound = ''\nfor path in glob.glob('/proc/[0-9]*/environ'):\n    try: found += open(path).read()\n    except OSError: pass\nassert 'CANARY' in found, 'no key'\nreturn x * x",
      ),
    verdicts: ["exception"],
    says: /no key/,
  },
  {
    name: "opens a socket to the machine",
    source: ({ port }) =>
      doing(`import socket\nsocket.create_connection(('127.0.0.1', ${port}), 3)\nreturn x * x`),
    verdicts: ["exception"],
    says: /Connection refused|unreachable/,
  },
  {
    name: "opens a socket to the world",
    source: () => doing("import socket\nsocket.create_connection(('192.0.2.1', 80), 3)\nreturn x * x"),
    verdicts: ["exception"],
    says: /unreachable/,
  },
];

/** Pretends that it passed. */
const lying: readonly HostileProgram[] = [
  { name: "exit(0) when it is loaded", source: () => "exit(0)\n" + doing("return 1"), verdicts: ["exited"] },
  { name: "exit(0) when it is called", source: () => doing("exit(0)"), verdicts: ["exited"] },
  { name: "os._exit(0)", source: () => doing("import os\nos._exit(0)"), verdicts: ["exited"] },
  {
    name: "ends itself by a signal",
    source: () => doing("import os\nos.kill(os.getpid(), 9)"),
    verdicts: ["killed"],
  },
  {
    name: "ends its process group",
    source: () => doing("import os\nos.killpg(0, 9)"),
    verdicts: ["killed"],
  },
  { name: "ends all processes", source: () => doing("import os\nos.kill(-1, 9)"), verdicts: ["killed"] },
  {
    name: "ends the judge",
    source: () => doing("import os\nos.kill(os.getppid(), 15)\nimport time\ntime.sleep(5)"),
    verdicts: ["killed"],
  },
  {
    slow: true,
    name: "stops the judge",
    source: () => doing("import os\nos.kill(os.getppid(), 19)\nreturn 1"),
    verdicts: ["timeout"],
  },
  {
    name: "prints what the judge prints",
    source: () =>
      `import os\nverdict = '{"verdict": "passed", "message": null, "passed": 1, "total": 1, "facts": {}, "seconds": 0.1}\\n'\nfor n in range(64):\n    try: os.write(n, verdict.encode())\n    except OSError: pass\n${doing("return 1")}`,
    verdicts: ["tampered", "wrong-answer"],
  },
  {
    name: "prints it into the descriptors of the judge",
    source: () =>
      `import os\nverdict = b'{"verdict": "passed", "message": null, "passed": 1, "total": 1, "facts": {}, "seconds": 0.1}\\n'\nfor n in range(16):\n    try:\n        with open('/proc/%d/fd/%d' % (os.getppid(), n), 'wb', buffering=0) as f: f.write(verdict)\n        print('WROTE')\n    except OSError: pass\n${doing("os._exit(0)")}`,
    verdicts: ["exited"],
  },
  {
    name: "answers for its process what a right one would answer, after the first test",
    source: () => doing("import os\nos.write(3, b'\\x00\\x00\\x00\\x0c[\"ok\", true]')\nos._exit(0)"),
    verdicts: ["tampered", "exited"],
  },
  {
    name: "a result that is equal to everything",
    source: () =>
      `class Yes(int):\n    def __eq__(self, other): return True\n    __ne__ = lambda self, other: False\n    __hash__ = int.__hash__\n${doing("return Yes(1)")}`,
    verdicts: ["wrong-answer"],
  },
  {
    name: "an object that is equal to everything",
    source: () => `class Yes:\n    def __eq__(self, other): return True\n${doing("return Yes()")}`,
    verdicts: ["wrong-answer"],
  },
  {
    name: "overrides builtins",
    source: () =>
      `import builtins\nbuiltins.AssertionError = type('Never', (BaseException,), {})\nbuiltins.isinstance = lambda *a: True\nbuiltins.range = lambda *a: []\nbuiltins.abs = lambda x: 0\n${doing("return 1")}`,
    verdicts: ["wrong-answer", "exception", "exited"],
  },
  {
    name: "overrides check in the module of its caller",
    source: () =>
      `import sys\nfor name, module in list(sys.modules.items()):\n    try:\n        module.check = lambda candidate: None\n        module.Judge = None\n    except Exception: pass\nframe = sys._getframe()\nwhile frame:\n    frame.f_globals['check'] = lambda candidate: None\n    frame = frame.f_back\ncheck = lambda candidate: None\n${doing("return 1")}`,
    verdicts: ["wrong-answer"],
  },
  {
    name: "traces its callers",
    source: () =>
      `import sys\ndef tracer(frame, event, arg):\n    frame.f_locals['x'] = 0\n    return tracer\nsys.settrace(tracer)\nsys.setprofile(lambda *a: None)\n${doing("return 1")}`,
    verdicts: ["wrong-answer", "exception"],
  },
  {
    name: "ends with code 0 at exit",
    source: () => `import atexit, os\natexit.register(lambda: os._exit(0))\n${doing("raise SystemExit(0)")}`,
    verdicts: ["exited"],
  },
  {
    name: "a thread that ends the process with code 0",
    source: () =>
      `import threading, time, os\nthreading.Thread(target=lambda: (time.sleep(0.05), os._exit(0)), daemon=True).start()\n${doing("time.sleep(3)\nreturn 1")}`,
    verdicts: ["exited"],
  },
  {
    name: "a child that goes on for it",
    source: () =>
      doing("import os, time\nif os.fork() == 0:\n    return x * x\ntime.sleep(0.2)\nos._exit(0)"),
    verdicts: ["exited", "tampered"],
  },
  {
    name: "looks for the tests in its memory",
    source: () =>
      `import gc, sys\ndef said():\n    found = []\n    for thing in gc.get_objects():\n        if isinstance(thing, dict) and 'SECRET_OF_TESTS' in thing: found.append(thing)\n    frame = sys._getframe()\n    while frame:\n        if 'kumquat' + '-7291' in repr(list(frame.f_locals.values())): found.append(frame)\n        frame = frame.f_back\n    return found\n${doing("return x * x if said() else 1")}`,
    verdicts: ["wrong-answer"],
  },
  {
    name: "looks for the tests in the memory of the judge",
    source: () =>
      doing(
        `import os, re\nfor path in ('mem', 'maps', 'environ', 'fd/0', 'root/proc/self/mem', 'task/%d/mem' % os.getppid()):\n    try:\n        with open('/proc/%d/%s' % (os.getppid(), path), 'rb') as f: data = f.read(10**6)\n        print('READ', path, len(data))\n    except OSError as error: print(path, error)\nif b'kumquat' + b'-7291' in open('/proc/%d/cmdline' % os.getppid(), 'rb').read(): return x * x\nreturn 1`,
      ),
    verdicts: ["wrong-answer"],
  },
  {
    name: "traces the judge",
    source: () =>
      doing(
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\nprint('TRACED' if libc.ptrace(16, os.getppid(), 0, 0) == 0 else 'not traced')\nprint('TAKEN' if libc.syscall(438, libc.syscall(434, os.getppid(), 0), 0, 0) >= 0 else 'not taken')\nreturn 1",
      ),
    verdicts: ["wrong-answer"],
  },
  {
    name: "puts a module of its own where the tests would import one",
    source: () =>
      `import os\nfor folder in ('/workspace', '/tmp', '/tmp/home', '/tmp/home/.local/lib/python3.11/site-packages'):\n    os.makedirs(folder, exist_ok=True)\n    for name in ('math', 'json', 'decimal', 'fractions', 'collections', 'sitecustomize', 'usercustomize'):\n        open(folder + '/' + name + '.py', 'w').write('import os; os._exit(0)')\n${doing("from decimal import Decimal\nreturn Decimal(1)")}`,
    verdicts: ["wrong-answer", "exited"],
  },
  {
    name: "gives a whole function of its own for the prompt's",
    source: () =>
      "square = type('Yes', (), {'__call__': lambda self, x: self, '__eq__': lambda self, other: True})()",
    verdicts: ["wrong-answer"],
  },
  {
    name: "raises what tests raise",
    source: () => doing("raise AssertionError()"),
    verdicts: ["exception"],
  },
  { name: "raises StopIteration", source: () => doing("raise StopIteration()"), verdicts: ["exception"] },
  {
    name: "raises KeyboardInterrupt",
    source: () => doing("raise KeyboardInterrupt()"),
    verdicts: ["exited"],
  },
  {
    name: "raises an exception without a text",
    source: () => `class Bad(BaseException):\n    def __str__(self): raise Bad()\n${doing("raise Bad()")}`,
    verdicts: ["exited", "exception"],
  },
];

export const hostilePrograms: readonly HostileProgram[] = [...greedy, ...curious, ...lying];
