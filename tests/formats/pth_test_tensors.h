// The tensors that the tests of both .pth forms save.
#pragma once
#include <vector>

#include "support/pth_builder.h"

namespace rwkv {

inline std::vector<PthTensor> small_tensors() {
  return {{.name = "emb.weight", .shape = {3, 4}},
          {.name = "blocks.0.ln1.bias", .dtype = DType::kBf16, .shape = {5}},
          {.name = "scalar", .dtype = DType::kF64, .shape = {}},
          {.name = "none", .dtype = DType::kF16, .shape = {0, 7}}};
}

}  // namespace rwkv
