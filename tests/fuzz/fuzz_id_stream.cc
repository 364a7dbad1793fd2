// The first byte chooses a form, the rest is a stream of ids: what is read can be written and read again.
#include <cstdint>
#include <sstream>

#include "core/error.h"
#include "ids/id_stream.h"

namespace {

using Record = std::vector<rwkv::TokenId>;

std::vector<Record> read(const std::string& stream, const rwkv::IdReaderOptions& options) {
  std::istringstream in(stream);
  rwkv::IdReader reader(in, options);
  std::vector<Record> records;
  while (reader.next_record()) records.push_back(reader.read_all());
  return records;
}

std::string write(const std::vector<Record>& records, const rwkv::IdReaderOptions& options) {
  std::ostringstream out;
  rwkv::IdWriter writer(out, options.format, options.records);
  for (const auto& ids : records) {
    writer.write(ids);
    writer.end_record();
  }
  return out.str();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  rwkv::IdReaderOptions options;
  options.format = static_cast<rwkv::IdFormat>(data[0] % 5);
  options.records = data[0] / 5 % 2 == 0 ? rwkv::Records::kOne : rwkv::Records::kMany;
  if (data[0] / 10 % 2 == 1) options.vocab_size = 1000;
  try {
    const auto records = read({reinterpret_cast<const char*>(data + 1), size - 1}, options);
    if (read(write(records, options), options) != records) __builtin_trap();
  } catch (const rwkv::Error&) {
  }
  return 0;
}
