#include "text/chat_template.h"

#include <boost/json.hpp>

#include "core/error.h"
#include "core/printable.h"

namespace rwkv {
namespace {

namespace json = boost::json;

constexpr ChatTemplate kTemplates[] = {
    {"world", "World models", "Assistant:"},
    {"g1", "G1 models, which may think or not", "Assistant:"},
    {"g1-think", "G1 models, made to think", "Assistant: <think"},
    {"g1-no-think", "G1 models, kept from thinking by an empty thought", "Assistant: <think>\n</think>"},
};

struct Role {
  std::string_view name, label;
  bool is_model;
};
constexpr Role kRoles[] = {
    {"system", "System: ", false}, {"user", "User: ", false}, {"assistant", "Assistant: ", true}};

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kFormat, message); }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\v\f\r";
  const size_t first = text.find_first_not_of(kSpace);
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(kSpace) + 1 - first);
}

// Line breaks become LF, and runs of them one.
std::string with_single_breaks(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && text.substr(i + 1, 1) == "\n") continue;
    if (text[i] != '\n' || !result.ends_with('\n')) result += text[i];
  }
  return result;
}

std::string_view text_member(const json::object& message, const char* key) {
  const json::value* value = message.if_contains(key);
  if (value == nullptr || !value->is_string()) fail(std::string("\"") + key + "\": want a string");
  return value->get_string();
}

const Role& role_of(const json::object& message) {
  const auto name = text_member(message, "role");
  for (const Role& role : kRoles) {
    if (role.name == name) return role;
  }
  fail("role '" + printable(name) + "': want system, user or assistant");
}

const json::array& messages_of(const json::value& root) {
  const json::value* messages = &root;
  if (const auto* object = root.if_object()) messages = object->if_contains("messages");
  if (messages == nullptr || !messages->is_array()) fail("want an array of messages");
  if (messages->get_array().empty()) fail("no message");
  return messages->get_array();
}

}  // namespace

std::span<const ChatTemplate> chat_templates() { return kTemplates; }

const ChatTemplate& chat_template_from_name(std::string_view name) {
  for (const ChatTemplate& known : kTemplates) {
    if (known.name == name) return known;
  }
  throw Error(ErrorKind::kUsage, "template '" + printable(name) + "': not known, --template list names them");
}

std::string chat_prompt(const ChatTemplate& chat_template, std::string_view text) {
  json::error_code error;
  const json::value root = json::parse(text, error);
  if (error) fail("broken JSON: " + error.message());
  std::string prompt;
  bool is_models_turn = false;
  size_t number = 0;
  for (const json::value& value : messages_of(root)) {
    with_context("message " + std::to_string(++number), [&] {
      if (!value.is_object()) fail("want an object");
      const Role& role = role_of(value.get_object());
      const auto content = trimmed(text_member(value.get_object(), "content"));
      prompt.append(role.label).append(role.is_model ? std::string(content) : with_single_breaks(content)) +=
          "\n\n";
      is_models_turn = !role.is_model;
    });
  }
  if (!is_models_turn) fail("the last message is the assistant's: want the user's");
  return prompt.append(chat_template.opening);
}

}  // namespace rwkv
