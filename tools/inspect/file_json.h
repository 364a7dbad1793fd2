// What rwkv-inspect --json says; docs/formats.md lists the keys.
#pragma once
#include <ostream>
#include <span>

#include "inspect/facts.h"
#include "inspect/print.h"

namespace rwkv {

// One object on a line. `tensors` are listed unless empty, each with its stats if there are any.
void print_json(std::ostream& out, const FileFacts& facts, std::span<const TensorView> tensors,
                const AllStats& stats, const PrintOptions& options);

}  // namespace rwkv
