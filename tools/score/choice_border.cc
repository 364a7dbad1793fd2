#include "score/choice_border.h"

#include <algorithm>
#include <string>

#include "text/unicode.h"
#include "text/utf8.h"

namespace rwkv {
namespace {

std::string_view without_final_space(std::string_view text) {
  while (!text.empty()) {
    size_t last = text.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xc0) == 0x80) --last;
    const Utf8Step step = utf8_step(text.substr(last));
    if (step.kind != Utf8Step::kCharacter || char_class(step.code) != CharClass::kSpace) break;
    text = text.substr(0, last);
  }
  return text;
}

}  // namespace

JoinedTokens join_texts(const Tokenizer& tokenizer, std::string_view context, std::string_view choice) {
  JoinedTokens joined{tokenizer.encode(std::string(context).append(choice))};
  joined.n_context = std::min(joined.tokens.size(), tokenizer.encode(without_final_space(context)).size());
  return joined;
}

}  // namespace rwkv
