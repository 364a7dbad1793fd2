// How rwkv-inspect says what it knows.
#pragma once
#include <optional>
#include <ostream>
#include <string>

#include "inspect/facts.h"
#include "inspect/tensors.h"

namespace rwkv {

struct PrintOptions {
  bool json = false;     // one object a file, on a line
  bool tensors = false;  // list them
  bool stats = false;    // and tell what their values are like
  bool memory = false;   // as text: a table of every dtype
};

// `file` is null for a vocabulary.
void print_file(std::ostream& out, const FileFacts& facts, const TensorFile* file,
                const PrintOptions& options);

// "12.3 MB"
std::string size_text(uint64_t bytes);

}  // namespace rwkv
