// What tests of the C interface share: a demo model and owners of its handles.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rwkv/rwkv.hpp"
#include "support/source_folder.h"

namespace rwkv {

inline std::string demo(const std::string& name) { return (source_folder() / "demo" / name).string(); }

// Ids of some text that every demo vocabulary has.
inline std::vector<uint32_t> some_ids(size_t n) {
  std::vector<uint32_t> ids;
  for (size_t i = 0; i < n; ++i) ids.push_back(static_cast<uint32_t>(1 + i * 37 % 200));
  return ids;
}

inline std::vector<float> logits_of(api::Sequence& sequence, const api::Model& model) {
  const auto logits = sequence.logits(model);
  return {logits.begin(), logits.end()};
}

// The failure's message, or "done".
template <class Body>
std::string failure_of(Body&& body) {
  try {
    body();
  } catch (const api::Failure& e) {
    return e.what();
  }
  return "done";
}

// Runs on both demo models.
class Api : public testing::TestWithParam<const char*> {
 protected:
  const api::Model model_{demo(GetParam())};
  api::Runner runner_{model_, 2};
};

}  // namespace rwkv
