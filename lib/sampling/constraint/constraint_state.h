// Where a text stands that a constraint binds.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

namespace rwkv {

// A value: copies continue independently. State files hold `digest` and `text`.
struct ConstraintState {
  std::string digest{};  // of the constraint
  std::string text{};    // drawn under it so far

  // The constraint's own number of the place; valid while `epoch` is the constraint's epoch.
  std::shared_ptr<const void> epoch{};
  uint32_t place = 0;

  bool operator==(const ConstraintState& other) const { return digest == other.digest && text == other.text; }
};

}  // namespace rwkv
