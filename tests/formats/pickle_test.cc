#include "formats/pickle.h"

#include <gtest/gtest.h>

#include <string>

#include "core/error.h"
#include "support/error_of.h"
#include "support/pickle_writer.h"
#include "support/tensor_values.h"

namespace rwkv {
namespace {

using namespace std::string_literals;
using Kind = PickleKind;

// Parses opcodes between PROTO and STOP.
Pickle parsed(const std::string& opcodes) {
  static std::string bytes;  // values look into it
  bytes = "\x80\x02" + opcodes + ".";
  ByteReader in(bytes_of(bytes));
  Pickle pickle = parse_pickle(in);
  EXPECT_TRUE(in.empty());
  return pickle;
}

std::string refusal(const std::string& opcodes) {
  return error_of([&] { parsed(opcodes); });
}

TEST(Pickle, Numbers) {
  EXPECT_EQ(parsed("K\xff").root->number, 255);
  EXPECT_EQ(parsed("M\xff\xff").root->number, 65535);
  EXPECT_EQ(parsed("J\xff\xff\xff\xff").root->number, -1);
  EXPECT_EQ(parsed("\x8a\0"s).root->number, 0);
  EXPECT_EQ(parsed("\x8a\1\x80"s).root->number, -128);
  EXPECT_EQ(parsed("\x8a\5\0\0\0\0\1"s).root->number, int64_t{1} << 32);
  EXPECT_EQ(parsed("\x8a\x0a" + std::string(10, 'x')).root->kind, Kind::kOther);
  EXPECT_EQ(parsed("G" + std::string(8, '\0')).root->kind, Kind::kOther);
  EXPECT_EQ(parsed("\x88").root->number, 1);
  EXPECT_EQ(parsed("\x89").root->kind, Kind::kBool);
  EXPECT_EQ(parsed("N").root->kind, Kind::kNone);
}

TEST(Pickle, ContainersAndMemo) {
  EXPECT_EQ(parsed("(K\1K\2K\3t").root->items[2]->number, 3);
  EXPECT_EQ(parsed("K\1K\2\x86").root->items[1]->number, 2);
  EXPECT_EQ(parsed("]K\1a(K\2K\3e").root->items.size(), 3u);
  EXPECT_EQ(parsed("}X\1\0\0\0aK\7s(\x8c\1bK\1\x8c\1cK\2u"s).root->items.size(), 6u);
  const Pickle shared = parsed("]q\0h\0\x86"s);
  EXPECT_EQ(shared.root->items[0], shared.root->items[1]);
  const Pickle memoized = parsed("]\x94)\x94h\1j\0\0\0\0\x87"s);
  EXPECT_EQ(memoized.root->items[1]->kind, Kind::kTuple);
  EXPECT_EQ(memoized.root->items[2]->kind, Kind::kList);
}

TEST(Pickle, AListMayHoldItself) {
  const Pickle pickle = parsed("]q\0h\0a"s);
  EXPECT_EQ(pickle.root->items[0], pickle.root);
}

TEST(Pickle, CallsAreDataAndWhatTorchMakesIsKnown) {
  const Pickle call = parsed("ctorch._utils\n_rebuild_tensor_v2\n(K\1tR");
  EXPECT_EQ(call.root->kind, Kind::kCall);
  EXPECT_EQ(call.root->items[0]->text, "torch._utils _rebuild_tensor_v2");
  EXPECT_EQ(parsed("ccollections\nOrderedDict\n)R}b").root->kind, Kind::kDict);
  EXPECT_EQ(parsed("ctorch\nSize\n(K\1K\2t\x85R").root->items[1]->number, 2);
  EXPECT_EQ(parsed("ctorch._utils\n_rebuild_parameter\n(K\5\x88NtR").root->number, 5);
  EXPECT_EQ(parsed("\x8c\5torch\x8c\7"
                   "float32\x93")
                .root->text,
            "torch float32");
  const Pickle id = parsed(")Q");
  EXPECT_EQ(id.persistent_ids.at(0), id.root);
}

TEST(Pickle, RefusesGlobalsByName) {
  EXPECT_EQ(refusal("cos\nsystem\n(X\2\0\0\0lstR"s),
            "pickle opcode GLOBAL at byte 2: global os.system is refused: it is no part of a checkpoint of "
            "tensors");
  EXPECT_NE(refusal("\x8c\5posix\x8c\6system\x93").find("global posix.system"), std::string::npos);
  EXPECT_NE(refusal("c__builtin__\neval\n").find("__builtin__.eval"), std::string::npos);
  EXPECT_NE(refusal("cos\n\x1b[31m\n").find("os.?[31m"), std::string::npos);
  for (const char* module : {"os.path", "subprocess", "builtins", "runpy", "importlib", "ctypes", "copyreg"})
    EXPECT_NE(refusal("c" + std::string(module) + "\nx\n").find("is refused"), std::string::npos) << module;
  EXPECT_NE(refusal("cx\n" + std::string(2000, 'x') + "\n").find("too long"), std::string::npos);
}

// What Lightning and DeepSpeed save beside the weights.
TEST(Pickle, ObjectsOfUnknownClassesAreOpaque) {
  for (const std::string& opcodes :
       {"cargparse\nNamespace\n)\x81}X\1\0\0\0aK\1sb"s,  // an object with attributes
        "c__main__\nArgs\n(K\1K\2tR"s,                   // made by a call
        "ccopyreg\n_reconstructor\n(c__main__\nA\ncbuiltins\nobject\nNtR"s,
        "c__main__\nA\n)}\x92"s,      // with keyword arguments
        "c__main__\nA\n)R(K\1K\2e"s,  // a list of its own class
        "c__main__\nA\n)R(K\1K\2u"s,  // a dict
        "\x8f(K\1K\2\x90"s,           // a set
        "(K\1K\2\x91"s,               // a frozen one
        "B\2\0\0\0ab"s, "C\2ab"s, "\x8e\2\0\0\0\0\0\0\0ab"s, "\x96\2\0\0\0\0\0\0\0ab"s,
        "cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\nC\1atR"s, "ctorch\nFloatStorage\n)R"s}) {
    EXPECT_EQ(parsed(opcodes).root->kind, Kind::kOpaque) << opcodes;
  }
}

TEST(Pickle, OlderAndNewerOpcodes) {
  EXPECT_EQ(parsed("(K\1K\2d").root->items.size(), 2u);
  EXPECT_EQ(parsed("(K\1K\2l").root->kind, Kind::kList);
  EXPECT_EQ(parsed("NK\0010").root->kind, Kind::kNone);
  EXPECT_EQ(parsed("N(K\1K\0021").root->kind, Kind::kNone);
  EXPECT_EQ(parsed("N(0").root->kind, Kind::kNone) << "a mark is popped";
  EXPECT_EQ(parsed("U\2ab").root->text, "ab");
  EXPECT_EQ(parsed("T\2\0\0\0ab"s).root->text, "ab");
  EXPECT_EQ(parsed("\x8d\2\0\0\0\0\0\0\0ab"s).root->text, "ab");
  EXPECT_EQ(parsed("\x8b\1\0\0\0\5"s).root->number, 5);
  EXPECT_EQ(parsed("ccollections\nOrderedDict\n(](](K\1K\2eetR").root->items.size(), 2u);
  EXPECT_EQ(parsed("ccollections\ndefaultdict\ncbuiltins\nlist\n\x85R(K\1K\2u").root->items.size(), 2u);
  EXPECT_EQ(parsed("ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nNK\1\x85NtR")
                .root->kind,
            Kind::kCall);
  EXPECT_NE(refusal("ccollections\nOrderedDict\n(]K\1atR"), "accepted");
}

TEST(Pickle, RefusesOpcodesByName) {
  EXPECT_NE(refusal("(K\1ios\nsystem\n").find("opcode INST at byte 5: is refused"), std::string::npos);
  EXPECT_NE(refusal("\x82\1").find("EXT1"), std::string::npos);
  EXPECT_NE(refusal("\xff").find("opcode 255 at byte 2"), std::string::npos);
  EXPECT_NE(refusal("\x80\6").find("protocol 6"), std::string::npos);
}

TEST(Pickle, RefusesWhatDoesNotFitTheStack) {
  for (const std::string opcodes : {"t",
                                    "u",
                                    "e",
                                    "s",
                                    "a",
                                    "R",
                                    "b",
                                    "Q",
                                    "\x85",
                                    "\x93",
                                    "",
                                    "(",
                                    "(K\1\x86",
                                    "K\1(R",
                                    "K\1K\1s",
                                    "K\1(e",
                                    "](K\1u",
                                    "}(K\1u",
                                    "}K\1a",
                                    "NNR",
                                    "ctorch\nSize\nNR",
                                    "Nb",
                                    "K\1Nb",
                                    "h\5",
                                    "j\5\5\5\5",
                                    "NN\x93",
                                    "q\1",
                                    "\x94",
                                    "K",
                                    "c",
                                    "ctorch\n",
                                    "X\xff\xff\xff\xff"
                                    "a",
                                    "\x8c\5ab",
                                    "\x8a\xff",
                                    "G"}) {
    EXPECT_NE(refusal(opcodes), "accepted") << opcodes;
  }
}

TEST(Pickle, EveryTruncationIsRefused) {
  const std::string whole = PickleWriter(4)
                                .raw("}(")
                                .text("emb")
                                .global("torch", "Size")
                                .raw("(")
                                .integer(70000)
                                .raw("t\x85R")
                                .text("x")
                                .integer(-1)
                                .raw("u")
                                .finish();
  for (size_t n = 0; n < whole.size(); ++n) {
    ByteReader in(bytes_of(whole).first(n));
    EXPECT_THROW(parse_pickle(in), Error) << n;
  }
  ByteReader in(bytes_of(whole));
  EXPECT_EQ(parse_pickle(in).root->items.size(), 4u);
}

// A tuple of two of itself, fifty times over: 2^50 items if it were copied.
TEST(Pickle, ADoublingMemoBombStaysSmall) {
  std::string opcodes = "]";
  for (int i = 0; i < 50; ++i) opcodes += "\x94h"s + static_cast<char>(i) + "\x86";
  EXPECT_EQ(parsed(opcodes).values.size(), 51u);
  std::string calls = "(" + std::string(1000, 'N') + "t\x85q\1ctorch\nSize\nq\2";
  for (int i = 0; i < 1000; ++i) calls += "h\2h\1R";
  EXPECT_EQ(parsed(calls).values.size(), 1003u)
      << "1000 None, two tuples, one global; the calls give the inner tuple";
}

TEST(Pickle, DeepNestingAndEndlessPicklesAreBounded) {
  EXPECT_EQ(parsed("]" + std::string(1'000'000, '\x85')).root->items.size(), 1u);
  EXPECT_NE(refusal(std::string(5'000'000, 'N')).find("opcodes"), std::string::npos);
}

}  // namespace
}  // namespace rwkv
