/* Continues a prompt, piece by piece. usage: stream MODEL VOCAB PROMPT [N]
 * cc stream.c -lrwkv -o stream */
#include <rwkv/rwkv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rwkv_error error;

static void need(int ok) {
  if (ok) return;
  fprintf(stderr, "stream: %s\n", error.message);
  exit(1);
}

int main(int argc, char** argv) {
  if (argc < 4) return fprintf(stderr, "usage: stream MODEL VOCAB PROMPT [N]\n"), 2;
  rwkv_model* model = rwkv_model_load(argv[1], NULL, &error);
  need(model != NULL);
  rwkv_vocab* vocab = rwkv_vocab_load(argv[2], model, &error);
  need(vocab != NULL);
  rwkv_runner* runner = rwkv_runner_new(model, 0, &error);
  rwkv_sequence* sequence = rwkv_sequence_new(model, &error);
  rwkv_stream* stream = rwkv_stream_new(vocab, NULL, 0, &error);
  need(runner != NULL && sequence != NULL && stream != NULL);

  uint32_t ids[4096], id;
  size_t n_ids, n_bytes;
  need(rwkv_vocab_encode(vocab, argv[3], strlen(argv[3]), ids, 4096, &n_ids, &error) == RWKV_OK);
  rwkv_item item = {sequence, ids, n_ids, RWKV_WANT_LAST, NULL, 0, 0};
  rwkv_sampling sampling = RWKV_SAMPLING_INIT;
  sampling.vocab = vocab;
  sampling.seed = 1;
  const char* text;
  for (int n = argc > 4 ? atoi(argv[4]) : 100; n > 0; --n, item.n_ids = 0) {
    need(rwkv_runner_eval(runner, &item, 1, &error) == RWKV_OK);
    need(rwkv_sequence_sample(sequence, &sampling, &id, &error) == RWKV_OK);
    need(rwkv_stream_add(stream, id, &text, &n_bytes, NULL, &error) == RWKV_OK);
    fwrite(text, 1, n_bytes, stdout);
    fflush(stdout);
  }
  putchar('\n');
  rwkv_stream_free(stream);
  rwkv_sequence_free(sequence);
  rwkv_runner_free(runner);
  rwkv_vocab_free(vocab);
  rwkv_model_free(model);
  return 0;
}
