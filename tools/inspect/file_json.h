// The output of rwkv-inspect --json; docs/formats.md lists the keys.
#pragma once
#include <ostream>
#include <span>

#include "inspect/facts.h"
#include "inspect/print.h"

namespace rwkv {

// Prints one object on a line. Lists `tensors`, with their stats if there are any.
void print_json(std::ostream& out, const FileFacts& facts, std::span<const TensorView> tensors,
                const AllStats& stats, const PrintOptions& options);

}  // namespace rwkv
