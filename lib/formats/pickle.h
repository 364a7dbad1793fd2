// Python's pickle, read as data: nothing in the file is ever called.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/byte_reader.h"

namespace rwkv {

enum class PickleKind : uint8_t {
  kNone,
  kBool,
  kInt,
  kOther,  // a float, or an integer beyond 64 bits: no reader needs the values
  kText,
  kGlobal,
  kTuple,
  kList,
  kDict,          // a dict or an OrderedDict
  kCall,          // what REDUCE would have called: a global and its arguments
  kPersistentId,  // something outside the pickle: a storage
  kOpaque,        // an object of an unknown class, whatever it holds; also bytes and sets
};

struct PickleValue {
  PickleKind kind = PickleKind::kNone;
  int64_t number = 0;          // kBool, kInt
  std::string_view text = {};  // kText: its bytes, inside the pickle; kGlobal: "module name"
  // kTuple, kList: the items; kDict: key, value, key, value ...; kCall: the global, a kTuple of arguments;
  // kPersistentId: the id. Values are shared, and a list or dict may hold itself: never walk them
  // recursively.
  std::vector<PickleValue*> items = {};
};

// Owns its values; texts point into the parsed bytes, or into `globals`.
struct Pickle {
  Pickle() = default;
  Pickle(Pickle&&) = default;
  Pickle(const Pickle&) = delete;
  Pickle& operator=(const Pickle&) = delete;

  std::deque<PickleValue> values;
  std::deque<std::string> globals;  // the names that values point to
  const PickleValue* root = nullptr;
  std::vector<const PickleValue*> persistent_ids;  // in the order in which they appear
};

// Reads one pickle (protocols 2 to 5) and leaves the reader after its STOP. Knows the globals that make
// tensors. Objects of other classes, as training programs store them, are opaque. Error kFormat, with name
// and byte offset (from the reader's start), for an opcode that no checkpoint has, and for a global of
// Python's own library other than plain data, since only an attack would name it. Time and memory are
// proportional to the bytes read, and bounded.
Pickle parse_pickle(ByteReader& in);

}  // namespace rwkv
