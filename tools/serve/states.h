// The states that clients have saved, by name.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "model/model.h"
#include "session/sequence.h"

namespace rwkv {

// Files NAME.state in a folder, for one model. Several threads may use them.
class SavedStates {
 public:
  struct Entry {
    std::string name;
    uint64_t n_tokens = 0, n_bytes = 0;
    int64_t saved_at = 0;  // seconds since 1970
  };

  // `folder` empty: states cannot be saved; all but list() throw Error. `model` must outlive this.
  SavedStates(std::filesystem::path folder, const Model& model);

  // The states of this model, by name.
  std::vector<Entry> list() const;
  // Error kUsage: not a name (letters, digits, '.', '_' and '-', not '.' first, at most 64), or no state of
  // this name; kFormat, kIo: a file that is broken or cannot be read or written.
  Sequence load(const std::string& name) const;
  void save(const std::string& name, const Sequence& sequence) const;
  bool remove(const std::string& name) const;  // false: there is no such state
  // Error kUsage as above.
  void check_name(const std::string& name) const;

 private:
  std::filesystem::path path_of(const std::string& name) const;

  std::filesystem::path folder_;
  const Model& model_;
  std::string fingerprint_;
};

}  // namespace rwkv
