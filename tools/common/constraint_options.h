// What a text may be: options, and keys of JSON requests.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "common/option.h"
#include "session/continuation.h"

namespace boost::json {
class object;
}  // namespace boost::json

namespace rwkv {

// --grammar, --json-schema and --regex, of which one may be given.
std::span<const Option<ContinuationOptions>> constraint_options();

// Makes options.constraint, if there is one, that of the sampler; reads its file. Error kUsage: without a
// vocabulary, or where id 0 ends nothing; kIo; and those of the constraint, its file or its key in front (a
// file's as kFormat).
void bind_constraint(ContinuationOptions& options);

// The keys "grammar", "json_schema" and "regex" of a request.
void append_constraint_keys(std::vector<std::string>& keys);
// Takes that of the object, or what the options have already, and binds it. Error as of bind_constraint().
void set_constraint_from_json(const boost::json::object& object, ContinuationOptions& options);

}  // namespace rwkv
