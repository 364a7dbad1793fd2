#include "text/bpe_vocabulary.h"

#include "core/error.h"
#include "core/printable.h"

namespace rwkv {

BpeTokenIndex::BpeTokenIndex(const BpeVocabulary& vocabulary)
    : vocabulary_(vocabulary), places_(vocabulary.tokens.size(), Hash{{vocabulary}}, Equal{{vocabulary}}) {
  for (uint32_t place = 0; place < vocabulary.tokens.size(); ++place) {
    if (places_.insert(place).second) continue;
    throw Error(ErrorKind::kFormat,
                "the token '" + printable(vocabulary.text_of(vocabulary.tokens[place])) + "' comes twice");
  }
}

}  // namespace rwkv
