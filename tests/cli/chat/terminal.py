"""terminal.py: rwkv-chat driven on a terminal. Keys go in, what is said is judged by the state that it leaves; prints a line a check."""
import fcntl, os, pty, select, signal, struct, subprocess, sys, termios

COMMON = ["rwkv-chat", "-n", "12", "--seed", "1"]
SECONDS = 30  # within which something more must come
LEFT, HOME, END, UP, BACK, CTRL_C, CTRL_D = "\033[D", "\033[H", "\033[F", "\033[A", "\177", "\3", "\4"
PASTE = "\033[200~%s\033[201~"


class Terminal:
    """A tool on a terminal of its own, 60 columns wide."""

    def __init__(self, *command, stdout=None, **environment):
        self.process, self.ours = pty.fork()
        if self.process == 0:
            if stdout:
                os.dup2(os.open(stdout, os.O_WRONLY | os.O_CREAT), 1)
            os.execvpe(command[0], command, os.environ | {"TERM": "xterm", "LC_ALL": "C"} | environment)
        self.resize(60)
        self.text = ""

    def resize(self, columns):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def keys(self, text):
        os.write(self.ours, text.encode())

    def read(self):
        """False at the end."""
        if not select.select([self.ours], [], [], SECONDS)[0]:
            os.kill(self.process, signal.SIGKILL)
            sys.exit(f"nothing more comes, have {self.text!r}")
        try:
            block = os.read(self.ours, 1 << 16)
        except OSError:  # the other side has closed
            return False
        self.text += block.decode(errors="replace")
        return bool(block)

    def until(self, wanted):
        """Reads until `wanted` comes behind what was taken before; takes and returns all up to there."""
        while wanted not in self.text:
            if not self.read():
                sys.exit(f"want {wanted!r}, have {self.text!r}")
        before, self.text = self.text.split(wanted, 1)
        return before

    def say(self, keys):
        """Types a line at the prompt; returns what is shown up to the next prompt."""
        self.keys(keys + "\r")
        self.until("\033[?2004l")
        return self.prompt()

    def prompt(self):
        """Reads until keys are waited for."""
        before = self.until("\033[?2004h")
        self.until("> ")
        return before

    def end(self):
        while self.read():
            pass
        status = os.waitpid(self.process, 0)[1]
        return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def check(name, right, found=""):
    print(f"{name}: {'right' if right else f'wrong: {found!r}'}")


def state_of(*lines, options=()):
    """The state that a pipe of these messages leaves."""
    if os.path.exists("piped"):
        os.remove("piped")
    subprocess.run([*COMMON, *options, "--state", "piped"], input="\n".join(lines).encode(), stdout=subprocess.DEVNULL, check=True)
    return open("piped", "rb").read()


def start(*options, **more):
    if os.path.exists("typed"):
        os.remove("typed")
    terminal = Terminal(*COMMON, "--state", "typed", *options, **more)
    terminal.prompt()
    return terminal


def editing():
    cases = {
        "wide characters": ("日本語x" + BACK * 2 + LEFT + "é😀", "日é😀本"),
        "a long line": (("The quick brown 日本 fox " * 8).strip() + HOME + "XX " + END + "!", "XX " + ("The quick brown 日本 fox " * 8).strip() + "!"),
        "a key in two parts": ("a\033[1;5Db", "ba"),
    }
    for name, (keys, message) in cases.items():
        terminal = start()
        answer = terminal.say(keys)
        terminal.keys(CTRL_D)
        check(name, terminal.end() == 0 and open("typed", "rb").read() == state_of(message), answer)
    terminal = start()
    terminal.say("Who?")
    terminal.say(UP)
    terminal.keys(CTRL_D)
    check("history", terminal.end() == 0 and open("typed", "rb").read() == state_of("Who?", "Who?"))
    terminal = start()
    terminal.keys("Who is there,")
    terminal.until("there,")
    terminal.resize(30)
    terminal.until("there,")
    terminal.say(" and why?")
    terminal.keys(CTRL_D)
    check("resized while a line is typed", terminal.end() == 0 and open("typed", "rb").read() == state_of("Who is there, and why?"))


def several_lines():
    cases = {"a paste": (PASTE % "one\r\ntwo\tth\1ree\n", "one\ntwo\tthree"), "Alt-Enter": ("one\033\rtwo", "one\ntwo")}
    for name, (keys, message) in cases.items():
        terminal = start("-q")
        answer = terminal.say(keys)
        terminal.keys(CTRL_D)
        prompt = f"User: {message}\n\nAssistant:"
        wanted = subprocess.run(["rwkv-generate", "-p", prompt, "-n", "12", "--seed", "1"], stdout=subprocess.PIPE, check=True).stdout.decode()
        check(name, terminal.end() == 0 and wanted.split() == answer.split(), (wanted, answer))


def interrupts():
    terminal = start("-n", "-1", "--ignore-eos")
    terminal.keys("Who?\r")
    terminal.until("\n")
    terminal.until("\n")
    terminal.keys(CTRL_C)
    terminal.prompt()
    shown = terminal.say("/stats")
    check("Ctrl-C ends the answer, not the conversation", "stop: signal" in shown, shown)
    terminal.keys("half a line" + CTRL_C)
    terminal.until("Ctrl-C once more")
    terminal.prompt()
    terminal.keys(CTRL_C)
    check("a second Ctrl-C ends it by SIGINT", terminal.end() == -signal.SIGINT, terminal.text)
    check("the state is there", os.path.getsize("typed") > 1000)

    for name, number in {"SIGTERM": signal.SIGTERM, "SIGHUP": signal.SIGHUP}.items():
        terminal = start()
        terminal.say("Who?")
        terminal.keys("half a line")
        terminal.until("half a line")
        os.kill(terminal.process, number)
        check(name, terminal.end() == -number and open("typed", "rb").read() == state_of("Who?"), terminal.text)


def looks():
    terminal = start("--think", "short", "--bias", "0:-inf")
    check("a thought is dim", "\033[2m" in terminal.say("Who?"))
    check("a wrong command is reported", "did you mean /undo?" in terminal.say("/udno"))
    check("and the conversation goes on", "nothing to take back" in (terminal.say("/undo"), terminal.say("/undo"))[1])
    terminal.keys(CTRL_D)
    terminal.end()
    terminal = start("--think", "short", "--bias", "0:-inf", NO_COLOR="1")
    check("or marked", "<think>" in terminal.say("Who?"))
    terminal.keys(CTRL_D)
    terminal.end()
    terminal = start(stdout="answers")
    terminal.say("Who?")
    terminal.keys(CTRL_D)
    terminal.end()
    piped = subprocess.run(COMMON, input=b"Who?", stdout=subprocess.PIPE, check=True).stdout
    check("standard output is the answer alone", open("answers", "rb").read() == piped)


editing()
several_lines()
interrupts()
looks()
