// The option that chooses the form of chats.
#pragma once
#include <string>
#include <vector>

#include "common/option.h"
#include "text/chat_template.h"

namespace rwkv {

class TensorFile;

std::vector<std::string> chat_template_names();

struct TemplateOption {
  std::string template_name;  // empty: not given
};

extern const Option<TemplateOption> kTemplateOption;

// The template that the option names; else the one that the model was trained on, by the name of its file, of
// the file's folder, or in a GGUF file's metadata.
const ChatTemplate& chat_template_of(const TemplateOption& option, const TensorFile& model);

}  // namespace rwkv
