#include "formats/pickle.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

#include "core/printable.h"
#include "tensor/dtype.h"

namespace rwkv {
namespace {

// A tensor takes about 40 opcodes; each makes at most one value of about 60 bytes.
constexpr size_t kMaxOpcodes = 1 << 22;

constexpr std::string_view kOrderedDict = "collections OrderedDict";
constexpr std::string_view kDefaultDict = "collections defaultdict";
constexpr std::string_view kSize = "torch Size";
constexpr std::string_view kRebuildParameter = "torch._utils _rebuild_parameter";
constexpr std::string_view kRebuildFromType = "torch._tensor _rebuild_from_type_v2";
constexpr std::string_view kRebuildPrefix = "torch._utils _rebuild_";

// Python's own modules: no global of these is accepted but the ones below. Globals of other packages may
// belong to what a training program saved.
constexpr auto kRefusedModules = std::to_array<std::string_view>({
    "__builtin__",  "_io",        "_pickle",    "_posixsubprocess",
    "_socket",      "_thread",    "ast",        "asyncio",
    "atexit",       "bdb",        "builtins",   "cProfile",
    "code",         "codecs",     "codeop",     "commands",
    "copy",         "cPickle",    "ctypes",     "dill",
    "distutils",    "ftplib",     "functools",  "gc",
    "glob",         "http",       "idlelib",    "imaplib",
    "imp",          "importlib",  "inspect",    "io",
    "itertools",    "joblib",     "lib2to3",    "linecache",
    "logging",      "marshal",    "mmap",       "multiprocessing",
    "nt",           "ntpath",     "operator",   "os",
    "pathlib",      "pdb",        "pickle",     "pip",
    "pkgutil",      "platform",   "popen2",     "poplib",
    "posix",        "posixpath",  "profile",    "pty",
    "pydoc",        "random",     "requests",   "runpy",
    "sched",        "setuptools", "shelve",     "shutil",
    "signal",       "site",       "smtplib",    "socket",
    "socketserver", "sqlite3",    "ssl",        "string",
    "subprocess",   "sys",        "sysconfig",  "tarfile",
    "telnetlib",    "tempfile",   "test",       "threading",
    "timeit",       "trace",      "traceback",  "types",
    "unittest",     "urllib",     "urllib2",    "venv",
    "warnings",     "weakref",    "webbrowser", "xmlrpc",
    "zipfile",      "zipimport",  "_codecs",    "copyreg",
    "copy_reg",
});

// Globals of these modules, and of modules inside them, that are plain data.
constexpr auto kPlainGlobals = std::to_array<std::string_view>({
    "builtins bool",           "builtins bytearray",     "builtins bytes",          "builtins complex",
    "builtins dict",           "builtins float",         "builtins frozenset",      "builtins int",
    "builtins list",           "builtins object",        "builtins range",          "builtins set",
    "builtins slice",          "builtins str",           "builtins tuple",          "__builtin__ bytearray",
    "__builtin__ dict",        "__builtin__ float",      "__builtin__ frozenset",   "__builtin__ int",
    "__builtin__ list",        "__builtin__ long",       "__builtin__ object",      "__builtin__ set",
    "__builtin__ slice",       "__builtin__ str",        "__builtin__ tuple",       "__builtin__ unicode",
    "_codecs encode",          "copyreg _reconstructor", "copy_reg _reconstructor", "pathlib Path",
    "pathlib PosixPath",       "pathlib PurePath",       "pathlib PurePosixPath",   "pathlib WindowsPath",
    "pathlib PureWindowsPath", "functools partial",      "types SimpleNamespace",
});

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kFormat, message); }

class Machine {
 public:
  explicit Machine(ByteReader& in) : in_(in) {}

  Pickle run();

  template <class T>
  T read() {
    return in_.read<T>();
  }
  std::string_view read_text(uint64_t n_bytes) { return in_.take_text(n_bytes); }
  std::string_view read_line();

  PickleValue& push(PickleValue value);
  void push_simple(PickleKind kind) { push({.kind = kind}); }
  void push_int(int64_t number) { push({.kind = PickleKind::kInt, .number = number}); }
  void push_bool(bool value) { push({.kind = PickleKind::kBool, .number = value}); }
  void push_text(std::string_view text) { push({.kind = PickleKind::kText, .text = text}); }
  void push_global(std::string_view module, std::string_view name);
  void push_long(size_t n_bytes);
  void push_tuple(size_t n_items);
  void push_marked_tuple() { push({.kind = PickleKind::kTuple, .items = pop_marked()}); }
  void push_marked_dict();
  void push_bytes(uint64_t n_bytes) { in_.take(n_bytes), push_simple(PickleKind::kOpaque); }
  void make_opaque(size_t n_items) { pop_many(n_items), push_simple(PickleKind::kOpaque); }
  void drop();
  void drop_marked() { pop_marked(); }
  void push_persistent_id();

  void mark() { marks_.push_back(stack_.size()); }
  std::vector<PickleValue*> pop_marked();
  std::string_view pop_text();
  void extend(PickleKind kind, const std::vector<PickleValue*>& items);
  void extend_by_marked(PickleKind kind) { extend(kind, pop_marked()); }
  void extend_by(PickleKind kind, size_t n_items) { extend(kind, pop_many(n_items)); }
  void push_dict_of(const PickleValue& pairs);
  void reduce();
  void build();

  void memoize() { remember(static_cast<uint32_t>(memo_.size())); }
  void remember(uint32_t key) { memo_[key] = &top(); }
  void recall(uint32_t key);

 private:
  void step();
  PickleValue& top();
  PickleValue* pop();
  std::vector<PickleValue*> pop_many(size_t n_items);

  ByteReader& in_;
  Pickle pickle_;
  std::vector<PickleValue*> stack_;
  std::vector<size_t> marks_;  // heights of the stack
  std::unordered_map<uint32_t, PickleValue*> memo_;
  bool stopped_ = false;
};

struct Opcode {
  uint8_t code;
  std::string_view name;
  void (*run)(Machine&);  // null: refused
};

constexpr char kStop = '.';

void run_protocol(Machine& m) {
  const int protocol = m.read<uint8_t>();
  if (protocol < 2 || protocol > 5) fail("protocol " + std::to_string(protocol) + ", want 2 to 5");
}

void run_stack_global(Machine& m) {
  const std::string_view name = m.pop_text(), module = m.pop_text();
  m.push_global(module, name);
}

using K = PickleKind;

// All of Python's opcodes, so that a refusal can name them. Checkpoints do not contain extensions, nor
// opcodes of protocols 0 and 1 that later protocols replaced.
constexpr auto kOpcodes = std::to_array<Opcode>({
    {0x80, "PROTO", run_protocol},
    {0x95, "FRAME", [](Machine& m) { m.read<uint64_t>(); }},
    {kStop, "STOP", [](Machine&) {}},
    {'(', "MARK", [](Machine& m) { m.mark(); }},
    {'}', "EMPTY_DICT", [](Machine& m) { m.push_simple(K::kDict); }},
    {']', "EMPTY_LIST", [](Machine& m) { m.push_simple(K::kList); }},
    {')', "EMPTY_TUPLE", [](Machine& m) { m.push_simple(K::kTuple); }},
    {'t', "TUPLE", [](Machine& m) { m.push_marked_tuple(); }},
    {0x85, "TUPLE1", [](Machine& m) { m.push_tuple(1); }},
    {0x86, "TUPLE2", [](Machine& m) { m.push_tuple(2); }},
    {0x87, "TUPLE3", [](Machine& m) { m.push_tuple(3); }},
    {'X', "BINUNICODE", [](Machine& m) { m.push_text(m.read_text(m.read<uint32_t>())); }},
    {0x8c, "SHORT_BINUNICODE", [](Machine& m) { m.push_text(m.read_text(m.read<uint8_t>())); }},
    {'J', "BININT", [](Machine& m) { m.push_int(m.read<int32_t>()); }},
    {'K', "BININT1", [](Machine& m) { m.push_int(m.read<uint8_t>()); }},
    {'M', "BININT2", [](Machine& m) { m.push_int(m.read<uint16_t>()); }},
    {0x8a, "LONG1", [](Machine& m) { m.push_long(m.read<uint8_t>()); }},
    {'G', "BINFLOAT", [](Machine& m) { m.read<uint64_t>(), m.push_simple(K::kOther); }},
    {0x88, "NEWTRUE", [](Machine& m) { m.push_bool(true); }},
    {0x89, "NEWFALSE", [](Machine& m) { m.push_bool(false); }},
    {'N', "NONE", [](Machine& m) { m.push_simple(K::kNone); }},
    {'c', "GLOBAL",
     [](Machine& m) {
       const auto module = m.read_line();
       m.push_global(module, m.read_line());
     }},
    {0x93, "STACK_GLOBAL", run_stack_global},
    {'R', "REDUCE", [](Machine& m) { m.reduce(); }},
    {'b', "BUILD", [](Machine& m) { m.build(); }},
    {'Q', "BINPERSID", [](Machine& m) { m.push_persistent_id(); }},
    {'q', "BINPUT", [](Machine& m) { m.remember(m.read<uint8_t>()); }},
    {'r', "LONG_BINPUT", [](Machine& m) { m.remember(m.read<uint32_t>()); }},
    {0x94, "MEMOIZE", [](Machine& m) { m.memoize(); }},
    {'h', "BINGET", [](Machine& m) { m.recall(m.read<uint8_t>()); }},
    {'j', "LONG_BINGET", [](Machine& m) { m.recall(m.read<uint32_t>()); }},
    {'s', "SETITEM", [](Machine& m) { m.extend_by(K::kDict, 2); }},
    {'u', "SETITEMS", [](Machine& m) { m.extend_by_marked(K::kDict); }},
    {'a', "APPEND", [](Machine& m) { m.extend_by(K::kList, 1); }},
    {'e', "APPENDS", [](Machine& m) { m.extend_by_marked(K::kList); }},
    {'i', "INST", nullptr},
    {'o', "OBJ", nullptr},
    {0x81, "NEWOBJ", [](Machine& m) { m.make_opaque(2); }},
    {0x92, "NEWOBJ_EX", [](Machine& m) { m.make_opaque(3); }},
    {0x82, "EXT1", nullptr},
    {0x83, "EXT2", nullptr},
    {0x84, "EXT4", nullptr},
    {'P', "PERSID", nullptr},
    {'0', "POP", [](Machine& m) { m.drop(); }},
    {'1', "POP_MARK", [](Machine& m) { m.drop_marked(); }},
    {'2', "DUP", nullptr},
    {'p', "PUT", nullptr},
    {'g', "GET", nullptr},
    {'d', "DICT", [](Machine& m) { m.push_marked_dict(); }},
    {'l', "LIST", [](Machine& m) { m.push({.kind = K::kList, .items = m.pop_marked()}); }},
    {'I', "INT", nullptr},
    {'L', "LONG", nullptr},
    {0x8b, "LONG4", [](Machine& m) { m.push_long(m.read<uint32_t>()); }},
    {'F', "FLOAT", nullptr},
    {'S', "STRING", nullptr},
    {'T', "BINSTRING", [](Machine& m) { m.push_text(m.read_text(m.read<uint32_t>())); }},
    {'U', "SHORT_BINSTRING", [](Machine& m) { m.push_text(m.read_text(m.read<uint8_t>())); }},
    {'V', "UNICODE", nullptr},
    {0x8d, "BINUNICODE8", [](Machine& m) { m.push_text(m.read_text(m.read<uint64_t>())); }},
    {'B', "BINBYTES", [](Machine& m) { m.push_bytes(m.read<uint32_t>()); }},
    {'C', "SHORT_BINBYTES", [](Machine& m) { m.push_bytes(m.read<uint8_t>()); }},
    {0x8e, "BINBYTES8", [](Machine& m) { m.push_bytes(m.read<uint64_t>()); }},
    {0x8f, "EMPTY_SET", [](Machine& m) { m.push_simple(K::kOpaque); }},
    {0x90, "ADDITEMS", [](Machine& m) { m.drop_marked(); }},
    {0x91, "FROZENSET", [](Machine& m) { m.drop_marked(), m.push_simple(K::kOpaque); }},
    {0x96, "BYTEARRAY8", [](Machine& m) { m.push_bytes(m.read<uint64_t>()); }},
    {0x97, "NEXT_BUFFER", nullptr},
    {0x98, "READONLY_BUFFER", nullptr},
});

Pickle Machine::run() {
  for (size_t n = 0; !stopped_; ++n) {
    if (n == kMaxOpcodes) fail("pickle of more than " + std::to_string(kMaxOpcodes) + " opcodes");
    step();
  }
  pickle_.root = pop();
  return std::move(pickle_);
}

void Machine::step() {
  const size_t offset = in_.offset();
  const auto code = in_.read<uint8_t>();
  const auto found = std::ranges::find(kOpcodes, code, &Opcode::code);
  if (found == kOpcodes.end()) {
    fail("pickle opcode " + std::to_string(code) + " at byte " + std::to_string(offset) + ": is unknown");
  }
  try {
    if (found->run == nullptr) fail("is refused: it does not occur in a checkpoint of tensors");
    found->run(*this);
  } catch (const Error& e) {
    throw e.in_context("pickle opcode " + std::string(found->name) + " at byte " + std::to_string(offset));
  }
  stopped_ = code == kStop;
}

std::string_view Machine::read_line() {
  const auto rest = in_.rest();
  const auto end = std::ranges::find(rest, std::byte{'\n'});
  const std::string_view line = in_.take_text(static_cast<uint64_t>(end - rest.begin()));
  in_.take(1);
  return line;
}

PickleValue& Machine::push(PickleValue value) {
  stack_.push_back(&pickle_.values.emplace_back(std::move(value)));
  return *stack_.back();
}

void Machine::push_global(std::string_view module, std::string_view name) {
  constexpr size_t kMaxNameBytes = 1024;  // a name may be recalled any number of times
  if (module.size() + name.size() > kMaxNameBytes) fail("a global of a name that is too long");
  const std::string global = std::string(module) + " " + std::string(name);
  const std::string_view package = module.substr(0, module.find('.'));
  const bool plain = std::ranges::find(kPlainGlobals, global) != kPlainGlobals.end();
  if (!plain && std::ranges::find(kRefusedModules, package) != kRefusedModules.end()) {
    fail("global " + printable(module) + "." + printable(name) +
         " is refused: it is no part of a checkpoint of tensors");
  }
  push({.kind = K::kGlobal, .text = pickle_.globals.emplace_back(global)});
}

// Little-endian two's complement of any length.
void Machine::push_long(size_t n_bytes) {
  const auto bytes = in_.take(n_bytes);
  if (n_bytes > sizeof(int64_t)) return push_simple(K::kOther);
  const bool negative = n_bytes > 0 && (bytes.back() & std::byte{0x80}) != std::byte{0};
  int64_t number = negative ? -1 : 0;
  std::ranges::copy(bytes, std::as_writable_bytes(std::span(&number, 1)).begin());
  push_int(number);
}

void Machine::push_tuple(size_t n_items) { push({.kind = K::kTuple, .items = pop_many(n_items)}); }

void Machine::push_persistent_id() {
  PickleValue* id = pop();
  pickle_.persistent_ids.push_back(&push({.kind = K::kPersistentId, .items = {id}}));
}

PickleValue& Machine::top() {
  const size_t floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() <= floor) fail("the stack is empty");
  return *stack_.back();
}

PickleValue* Machine::pop() {
  PickleValue* value = &top();
  stack_.pop_back();
  return value;
}

std::vector<PickleValue*> Machine::pop_many(size_t n_items) {
  std::vector<PickleValue*> items(n_items);
  for (size_t i = n_items; i-- > 0;) items[i] = pop();
  return items;
}

std::vector<PickleValue*> Machine::pop_marked() {
  if (marks_.empty()) fail("there is no mark");
  auto items = pop_many(stack_.size() - marks_.back());
  marks_.pop_back();
  return items;
}

std::string_view Machine::pop_text() {
  const PickleValue* value = pop();
  if (value->kind != K::kText) fail("wants a text");
  return value->text;
}

// Objects of unknown classes may be lists or dicts.
void Machine::extend(PickleKind kind, const std::vector<PickleValue*>& items) {
  PickleValue& container = top();
  if (container.kind == K::kOpaque) return;
  if (container.kind != kind) fail(kind == K::kDict ? "wants a dict" : "wants a list");
  if (kind == K::kDict && items.size() % 2 != 0) fail("a key without a value");
  container.items.insert(container.items.end(), items.begin(), items.end());
}

void Machine::push_marked_dict() {
  auto items = pop_marked();
  if (items.size() % 2 != 0) fail("a key without a value");
  push({.kind = K::kDict, .items = std::move(items)});
}

// A mark, or the topmost value.
void Machine::drop() {
  if (!marks_.empty() && marks_.back() == stack_.size()) return marks_.pop_back();
  pop();
}

// An OrderedDict of Python 2 is made of a list of pairs.
void Machine::push_dict_of(const PickleValue& pairs) {
  std::vector<PickleValue*> items;
  for (const PickleValue* pair : pairs.items) {
    if (pair->items.size() != 2) fail("a dict of something else than pairs");
    items.insert(items.end(), pair->items.begin(), pair->items.end());
  }
  push({.kind = K::kDict, .items = std::move(items)});
}

// The result of calling the global with these arguments.
void Machine::reduce() {
  PickleValue* arguments = pop();
  PickleValue* callable = pop();
  if (callable->kind == K::kOpaque) return push_simple(K::kOpaque);
  if (callable->kind != K::kGlobal || arguments->kind != K::kTuple) fail("wants a global and a tuple");
  const std::string_view name = callable->text;
  const auto& items = arguments->items;
  const auto has = [&](size_t i, PickleKind kind) { return items.size() > i && items[i]->kind == kind; };
  if (name == kOrderedDict && has(0, K::kList)) return push_dict_of(*items[0]);
  if (name == kOrderedDict || name == kDefaultDict) return push_simple(K::kDict);
  if (name == kSize && has(0, K::kTuple)) return stack_.push_back(items[0]);
  if (name.starts_with(kRebuildParameter) && !items.empty()) return stack_.push_back(items[0]);
  if (name == kRebuildFromType && has(0, K::kGlobal) && has(2, K::kTuple))
    return void(push({.kind = K::kCall, .items = {items[0], items[2]}}));
  if (name.starts_with(kRebuildPrefix)) return void(push({.kind = K::kCall, .items = {callable, arguments}}));
  push_simple(K::kOpaque);
}

// The attributes of an OrderedDict (`_metadata`), which hold no tensor, or of an object that is never read.
void Machine::build() {
  pop();
  const PickleKind kind = top().kind;
  if (kind != K::kDict && kind != K::kOpaque && kind != K::kCall) fail("wants an object");
}

void Machine::recall(uint32_t key) {
  const auto found = memo_.find(key);
  if (found == memo_.end()) fail("nothing remembered as " + std::to_string(key));
  stack_.push_back(found->second);
}

}  // namespace

Pickle parse_pickle(ByteReader& in) { return Machine(in).run(); }

}  // namespace rwkv
