#include "common/chat_options.h"

#include <filesystem>

#include "common/row_names.h"
#include "core/lower_case.h"
#include "formats/tensor_file.h"

namespace rwkv {
namespace {

// "rwkv7-g1d-0.4b.pth", "RWKV7-0.4B-G1"
bool names_g_model(std::string_view model_name) {
  const std::string name = lower_case(model_name);
  return name.find("-g0") != std::string::npos || name.find("-g1") != std::string::npos;
}

bool is_g_model(const TensorFile& model) {
  const std::filesystem::path path = std::filesystem::absolute(model.path());
  const auto name = model.metadata().find("general.name");
  return names_g_model(path.filename().string()) || names_g_model(path.parent_path().filename().string()) ||
         (name != model.metadata().end() && names_g_model(name->second));
}

}  // namespace

std::vector<std::string> chat_template_names() { return row_names(chat_templates()); }

const Option<TemplateOption> kTemplateOption = {
    {"template", 0, "", "NAME", name_of(chat_template_names), "model",
     "form of chats (default: by the model's name)",
     "As rwkv-tokenize --template, whose list tells of them: g1 for models that have -g0 or -g1 in the name "
     "of their file, of its folder, or in a GGUF file's general.name, else world.",
     true},
    [](TemplateOption& o, const OptionValue& v) { o.template_name = v.text(); }};

const ChatTemplate& chat_template_of(const TemplateOption& option, const TensorFile& model) {
  if (!option.template_name.empty()) return chat_template_from_name(option.template_name);
  return chat_template_from_name(is_g_model(model) ? "g1" : "world");
}

}  // namespace rwkv
