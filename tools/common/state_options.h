// Where a sequence's state comes from and goes to.
#pragma once
#include <span>
#include <string>

#include "common/option.h"

namespace rwkv {

struct StateOptions {
  std::string state_in, state_out;  // empty: none
};

std::span<const Option<StateOptions>> state_options();

}  // namespace rwkv
