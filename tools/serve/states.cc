#include "serve/states.h"

#include <algorithm>
#include <chrono>
#include <system_error>

#include "core/error.h"
#include "core/printable.h"
#include "formats/tensor_file.h"
#include "session/fingerprint.h"
#include "session/state_file.h"

namespace rwkv {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxNameBytes = 64;
constexpr std::string_view kSuffix = ".state";

bool is_name(std::string_view text) {
  constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !text.empty() && text.size() <= kMaxNameBytes && text.front() != '.' &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

int64_t seconds_of(fs::file_time_type time) {
  const auto age = fs::file_time_type::clock::now() - time;
  const auto at = std::chrono::system_clock::now() - age;
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

}  // namespace

SavedStates::SavedStates(fs::path folder, const Model& model)
    : folder_(std::move(folder)), model_(model), fingerprint_(fingerprint(model.file())) {
  if (folder_.empty()) return;
  std::error_code error;
  if (fs::create_directories(folder_, error)) fs::permissions(folder_, fs::perms::owner_all, error);
  if (error) throw Error(ErrorKind::kIo, folder_.string() + ": " + error.message());
}

void SavedStates::check_name(const std::string& name) const {
  if (folder_.empty()) throw Error(ErrorKind::kUsage, "states are not kept: rwkv-serve wants --cache DIR");
  if (!is_name(name)) {
    throw Error(
        ErrorKind::kUsage,
        "'" + printable(name) + "' is no name of a state, want up to 64 letters, digits, '.', '_' and '-'");
  }
}

fs::path SavedStates::path_of(const std::string& name) const {
  check_name(name);
  return folder_ / (name + std::string(kSuffix));
}

std::vector<SavedStates::Entry> SavedStates::list() const {
  std::vector<Entry> entries;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(folder_, error)) {
    const std::string name = file.path().stem().string();
    if (file.path().extension() != kSuffix || !is_name(name)) continue;
    try {
      const TensorFile state = TensorFile::open(file.path());
      const StateInfo info = read_state_info(state);
      if (info.model != fingerprint_) continue;
      entries.push_back({name, info.n_tokens, file.file_size(), seconds_of(file.last_write_time())});
    } catch (const std::exception&) {  // removed meanwhile, or not ours
    }
  }
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

Sequence SavedStates::load(const std::string& name) const {
  const fs::path path = path_of(name);
  std::error_code ignored;
  if (!fs::exists(path, ignored)) throw Error(ErrorKind::kUsage, "no state '" + name + "'");
  return load_state(path, model_);
}

void SavedStates::save(const std::string& name, const Sequence& sequence) const {
  save_state(path_of(name), sequence, model_);
}

bool SavedStates::remove(const std::string& name) const { return fs::remove(path_of(name)); }

}  // namespace rwkv
