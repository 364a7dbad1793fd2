#include "common/state_options.h"

namespace rwkv {
namespace {

constexpr std::string_view kGroup = "state";

const Option<StateOptions> kOptions[] = {
    {{"state-in", 0, "state_in", "FILE", kFileType, kGroup,
      "continue from a saved state or a tuned initial state", "", true},
     [](StateOptions& o, const OptionValue& v) { o.state_in = v.text(); }},
    {{"state-out", 0, "state_out", "FILE", kFileType, kGroup,
      "save the state after the last id read or written",
      "The sampler's memory is saved too: a run that is stopped and resumed with the same options draws the "
      "same ids. The state excludes a stop id, and every token from the one in which a stop text begins.",
      true},
     [](StateOptions& o, const OptionValue& v) { o.state_out = v.text(); }},
};

}  // namespace

std::span<const Option<StateOptions>> state_options() { return kOptions; }

}  // namespace rwkv
