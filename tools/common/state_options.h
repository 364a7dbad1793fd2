// The files that a sequence's state is read from and written to.
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
