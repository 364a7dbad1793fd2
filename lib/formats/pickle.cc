#include "formats/pickle.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

#include "core/printable.h"
#include "tensor/dtype.h"

namespace rwkv {
namespace {

// A tensor takes about 40; each opcode makes at most one value of about 60 bytes.
constexpr size_t kMaxOpcodes = 1 << 22;

constexpr std::string_view kOrderedDict = "collections OrderedDict";
constexpr std::string_view kSize = "torch Size";
constexpr std::string_view kRebuildParameter = "torch._utils _rebuild_parameter";
constexpr std::string_view kRebuildPrefix = "torch._utils _rebuild_";

constexpr std::array kGlobals = std::to_array<std::string_view>({
    kOrderedDict,
    kSize,
    kRebuildParameter,
    "torch._utils _rebuild_tensor",
    "torch._utils _rebuild_tensor_v2",
    "torch.storage UntypedStorage",
    "torch.storage TypedStorage",
    "torch float64",
    "torch float32",
    "torch float16",
    "torch bfloat16",
    "torch int64",
    "torch int32",
    "torch int16",
    "torch int8",
    "torch uint8",
    "torch bool",
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
  std::string_view read_text(size_t n_bytes) { return in_.take_text(n_bytes); }
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
  void push_persistent_id();

  void mark() { marks_.push_back(stack_.size()); }
  std::string_view pop_text();
  void extend(PickleKind kind, const std::vector<PickleValue*>& items);
  void extend_by_marked(PickleKind kind) { extend(kind, pop_marked()); }
  void extend_by(PickleKind kind, size_t n_items) { extend(kind, pop_many(n_items)); }
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
  std::vector<PickleValue*> pop_marked();

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
  if (protocol < 2 || protocol > 4) fail("protocol " + std::to_string(protocol) + ", want 2 to 4");
}

void run_stack_global(Machine& m) {
  const std::string_view name = m.pop_text(), module = m.pop_text();
  m.push_global(module, name);
}

using K = PickleKind;

// All of Python's opcodes, so that a refusal can name them. Strings of Python 2, sets, byte arrays and
// whatever makes objects of other classes do not occur in checkpoints.
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
    {0x81, "NEWOBJ", nullptr},
    {0x92, "NEWOBJ_EX", nullptr},
    {0x82, "EXT1", nullptr},
    {0x83, "EXT2", nullptr},
    {0x84, "EXT4", nullptr},
    {'P', "PERSID", nullptr},
    {'0', "POP", nullptr},
    {'1', "POP_MARK", nullptr},
    {'2', "DUP", nullptr},
    {'p', "PUT", nullptr},
    {'g', "GET", nullptr},
    {'d', "DICT", nullptr},
    {'l', "LIST", nullptr},
    {'I', "INT", nullptr},
    {'L', "LONG", nullptr},
    {0x8b, "LONG4", nullptr},
    {'F', "FLOAT", nullptr},
    {'S', "STRING", nullptr},
    {'T', "BINSTRING", nullptr},
    {'U', "SHORT_BINSTRING", nullptr},
    {'V', "UNICODE", nullptr},
    {0x8d, "BINUNICODE8", nullptr},
    {'B', "BINBYTES", nullptr},
    {'C', "SHORT_BINBYTES", nullptr},
    {0x8e, "BINBYTES8", nullptr},
    {0x8f, "EMPTY_SET", nullptr},
    {0x90, "ADDITEMS", nullptr},
    {0x91, "FROZENSET", nullptr},
    {0x96, "BYTEARRAY8", nullptr},
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

// The global that is known by this name, the classes of storages among them; empty when there is none.
std::string_view known_global(std::string_view module, std::string_view name) {
  const auto is_named = [&](std::string_view known) {
    return known.size() == module.size() + 1 + name.size() && known.starts_with(module) &&
           known.ends_with(name) && known[module.size()] == ' ';
  };
  const auto found = std::ranges::find_if(kGlobals, is_named);
  if (found != kGlobals.end()) return *found;
  const auto storage = std::ranges::find_if(kDTypes, is_named, &DTypeInfo::torch);
  return storage == kDTypes.end() ? "" : storage->torch;
}

void Machine::push_global(std::string_view module, std::string_view name) {
  const std::string_view known = known_global(module, name);
  if (known.empty()) {
    fail("global " + printable(module) + "." + printable(name) +
         " is refused: it is no part of a checkpoint of tensors");
  }
  push({.kind = K::kGlobal, .text = known});
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

void Machine::extend(PickleKind kind, const std::vector<PickleValue*>& items) {
  PickleValue& container = top();
  if (container.kind != kind) fail(kind == K::kDict ? "wants a dict" : "wants a list");
  if (kind == K::kDict && items.size() % 2 != 0) fail("a key without a value");
  container.items.insert(container.items.end(), items.begin(), items.end());
}

void Machine::reduce() {
  PickleValue* arguments = pop();
  PickleValue* callable = pop();
  if (callable->kind != K::kGlobal || arguments->kind != K::kTuple) fail("wants a global and a tuple");
  const std::string_view name = callable->text;
  const auto& items = arguments->items;
  if (name == kOrderedDict && items.empty()) return push_simple(K::kDict);
  const bool is_size = name == kSize && items.size() == 1 && items[0]->kind == K::kTuple;
  if (is_size || (name == kRebuildParameter && !items.empty())) return stack_.push_back(items[0]);
  if (!name.starts_with(kRebuildPrefix)) fail("a call of " + std::string(name) + " is refused");
  push({.kind = K::kCall, .items = {callable, arguments}});
}

// Only the attributes of an OrderedDict (`_metadata`), which hold no tensor.
void Machine::build() {
  pop();
  if (top().kind != K::kDict) fail("wants an OrderedDict");
}

void Machine::recall(uint32_t key) {
  const auto found = memo_.find(key);
  if (found == memo_.end()) fail("nothing remembered as " + std::to_string(key));
  stack_.push_back(found->second);
}

}  // namespace

Pickle parse_pickle(ByteReader& in) { return Machine(in).run(); }

}  // namespace rwkv
