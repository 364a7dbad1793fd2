#include "common/constraint_options.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>

#include "common/option_json.h"
#include "core/error.h"
#include "core/mapped_file.h"

namespace rwkv {
namespace {

using Target = ContinuationOptions;
using Value = OptionValue;

constexpr std::string_view kGroup = "sampling";

// By their numbers.
constexpr std::string_view kKeys[] = {"grammar", "regex", "json_schema", "grammar", "json_schema"};

void set_once(Target& o, ConstraintText text) {
  if (o.constraint)
    throw Error(ErrorKind::kUsage, "a grammar, a JSON Schema and a regular expression exclude each other");
  o.constraint = std::move(text);
}

std::string content_of(const std::string& path) {
  return with_context(path, [&] {
    const MappedFile file = MappedFile::open(path);
    return std::string(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  });
}

const Option<Target> kOptions[] = {
    {{"grammar", 0, "", "FILE", kFileType, kGroup, "write only texts of this grammar (GBNF)",
      "The word json instead of a file: any JSON. In requests \"grammar\" is the grammar's text, or json."},
     [](Target& o, const Value& v) {
       set_once(o, v.text() == "json" ? grammar_text("json") : ConstraintText{.file = v.text()});
     }},
    {{"json-schema", 0, "", "FILE", kFileType, kGroup, "write only JSON that fits this schema",
      "Draft 2020-12; a keyword that is not supported is an error. In requests \"json_schema\" is the "
      "schema."},
     [](Target& o, const Value& v) { set_once(o, {.language = Language::kJsonSchema, .file = v.text()}); }},
    {{"regex", 0, "regex", "REGEX", kTextType, kGroup, "write only texts that match, as a whole", ""},
     [](Target& o, const Value& v) {
       set_once(o, {Language::kRegex, v.text(), {}});
     }},
};

// In requests, texts are meant where the command line names files.
const Option<Target> kRequestRows[] = {
    {{.key = "grammar", .type = kTextType},
     [](Target& o, const Value& v) { set_once(o, grammar_text(v.text())); }},
    {{.key = "json_schema", .type = kJsonType},
     [](Target& o, const Value& v) {
       set_once(o, {Language::kJsonSchema, v.text(), {}});
     }},
};
const std::span<const Option<Target>> kRequestOptions(kRequestRows);

}  // namespace

std::span<const Option<ContinuationOptions>> constraint_options() { return kOptions; }

void bind_constraint(ContinuationOptions& options) {
  if (!options.constraint) return;
  ConstraintText& text = *options.constraint;
  const std::string key(kKeys[static_cast<size_t>(text.language)]);
  if (!options.constraints) throw Error(ErrorKind::kUsage, key + " wants a vocabulary: -v VOCAB");
  if (!options.stop_at_end_of_text)
    throw Error(ErrorKind::kUsage, "ignore_eos and " + key + " exclude each other: id 0 ends the text");
  if (!text.file.empty() && text.text.empty()) text.text = content_of(text.file);
  try {
    options.sampler.constraint = options.constraints->at(text);
  } catch (const Error& e) {
    if (text.file.empty()) throw e.in_context(key);
    throw Error(ErrorKind::kFormat, text.file + ": " + e.what());
  }
}

void append_constraint_keys(std::vector<std::string>& keys) {
  append_keys(constraint_options(), keys);
  append_keys(kRequestOptions, keys);
}

void set_constraint_from_json(const boost::json::object& object, ContinuationOptions& options) {
  std::vector<std::string> keys;
  append_constraint_keys(keys);
  if (std::ranges::any_of(keys, [&](const std::string& key) { return object.contains(key); }))
    options.constraint.reset();
  set_from_json(constraint_options(), object, options);
  set_from_json(kRequestOptions, object, options);
  bind_constraint(options);
}

}  // namespace rwkv
