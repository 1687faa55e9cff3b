/* What tests and tools want to know of libopus and its public interface does not tell.

   Compiled against one build of libopus by tools/libopus/peer.py, in two forms:
     - plain: calls libopus as it is, for timing;
     - with PROBE_TRACE, and the linker's --wrap on the functions listed there: what libopus' own
       payload decoder and encoder pass from function to function is noted down on the way.
   All arrays belong to the caller. Not thread-safe: one trace for the whole library. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "opus.h"
#include "opus_multistream.h"
#include "opus_private.h"
#include "cpu_support.h"
#include "vec.h"
#include "lpcnet.h"
#include "lpcnet_private.h"
#include "fargan.h"
#include "freq.h"
#include "pitchdnn.h"
#include "dred_config.h"
#include "dred_coding.h"
#include "dred_encoder.h"
#include "dred_decoder.h"
#include "dred_rdovae_dec.h"
#include "dred_rdovae_enc.h"
#include "dred_rdovae_stats_data.h"
#include "entdec.h"
#include "kiss_fft.h"
#include "nnet.h"

#define PROBE __attribute__((visibility("default")))
#define CHUNKS (DRED_NUM_REDUNDANCY_FRAMES / 2)

/* Version 12 appends the level to every latent vector, version 10 does not. */
#define STRIDE ((int)(sizeof(((OpusDRED *)0)->latents) / sizeof(float)) / CHUNKS)

/* ---- facts about the build ---- */

PROBE int probe_version(void) { return DRED_EXPERIMENTAL_VERSION; }
PROBE int probe_latent_dim(void) { return DRED_LATENT_DIM; }
PROBE int probe_state_dim(void) { return DRED_STATE_DIM; }
PROBE int probe_stride(void) { return STRIDE; }
PROBE int probe_chunks(void) { return CHUNKS; }
PROBE int probe_arch(void) { return opus_select_arch(); }
PROBE float probe_tanh(float x) { return tanh_approx(x); }

PROBE int probe_plain(void)
{
#ifdef NO_OPTIMIZATIONS
   return 1;
#else
   return 0;
#endif
}

/* ---- packets and extension areas ---- */

/* out: toc, payload offset, padding offset, padding length; then offset and size of each frame. */
PROBE int probe_packet(const uint8_t *packet, int32_t length, int32_t *out)
{
   const unsigned char *frames[48], *padding = NULL;
   opus_int16 sizes[48];
   unsigned char toc = 0;
   int payload_offset = 0, i, count;
   opus_int32 packet_offset = 0, padding_length = 0;
   count = opus_packet_parse_impl(packet, length, 0, &toc, frames, sizes, &payload_offset,
                                  &packet_offset, &padding, &padding_length);
   if (count < 0) return count;
   out[0] = toc;
   out[1] = payload_offset;
   out[2] = padding == NULL ? -1 : (int32_t)(padding - packet);
   out[3] = padding_length;
   for (i = 0; i < count; i++) {
      out[4 + 2 * i] = (int32_t)(frames[i] - packet);
      out[5 + 2 * i] = sizes[i];
   }
   return count;
}

/* Rows of id, frame, offset in the area, length. Returns what libopus returns at the end; count
   becomes the number of extensions delivered, at most `room`. */
PROBE int probe_extensions(const uint8_t *area, int32_t length, int32_t nb_frames, int32_t *rows,
                           int32_t room, int32_t *count)
{
   opus_extension_data extension;
   int32_t n = 0;
   int ret;
#if DRED_EXPERIMENTAL_VERSION >= 12
   OpusExtensionIterator iterator;
   opus_extension_iterator_init(&iterator, area, length, nb_frames);
   while ((ret = opus_extension_iterator_next(&iterator, &extension)) > 0) {
      if (n == room) return OPUS_BUFFER_TOO_SMALL;
#else
   opus_extension_data *all = malloc((size_t)(room + 1) * sizeof *all);
   opus_int32 found = room, i;
   (void)nb_frames;
   ret = opus_packet_extensions_parse(area, length, all, &found);
   for (i = 0; i < found && ret != OPUS_BUFFER_TOO_SMALL; i++) {
      extension = all[i];
#endif
      rows[4 * n] = extension.id;
      rows[4 * n + 1] = extension.frame;
      rows[4 * n + 2] = (int32_t)(extension.data - area);
      rows[4 * n + 3] = extension.len;
      n++;
   }
#if DRED_EXPERIMENTAL_VERSION < 12
   free(all);
#endif
   *count = n;
   return ret;
}

/* The same for n areas laid end to end; area k is bytes[ends[k] .. ends[k + 1]). Returns the number
   of rows written, or -1 when there was no room. */
PROBE int64_t probe_extensions_batch(const uint8_t *bytes, const int64_t *ends,
                                     const int32_t *nb_frames, int32_t n, int32_t *rows,
                                     int64_t room, int32_t *counts, int32_t *returns)
{
   int64_t used = 0;
   int32_t k;
   for (k = 0; k < n; k++) {
      int64_t left = room - used;
      returns[k] = probe_extensions(bytes + ends[k], (int32_t)(ends[k + 1] - ends[k]),
                                    nb_frames[k], rows + 4 * used,
                                    (int32_t)(left > 100000 ? 100000 : left), &counts[k]);
      if (returns[k] == OPUS_BUFFER_TOO_SMALL) return -1;
      used += counts[k];
   }
   return used;
}

/* An extension area as libopus writes it, of rows as above whose offsets point into `data`; at most
   `room` bytes, all of which are filled if `pad`. Returns its length or libopus' error. */
PROBE int probe_generate(const int32_t *rows, int32_t n, const uint8_t *data, int32_t nb_frames,
                         int32_t room, int pad, uint8_t *area)
{
   opus_extension_data *all = malloc((size_t)(n + 1) * sizeof *all);
   int32_t k;
   int ret;
   for (k = 0; k < n; k++) {
      all[k].id = rows[4 * k];
      all[k].frame = rows[4 * k + 1];
      all[k].data = data + rows[4 * k + 2];
      all[k].len = rows[4 * k + 3];
   }
#if DRED_EXPERIMENTAL_VERSION >= 12
   ret = opus_packet_extensions_generate(area, room, all, n, nb_frames, pad);
#else
   (void)nb_frames;
   ret = opus_packet_extensions_generate(area, room, all, n, pad);
#endif
   free(all);
   return ret;
}

/* ---- the payload decoder ---- */

typedef struct {
   int32_t found, result, dred_end, dred_offset, nb_chunks;
   int32_t q0, dQ, extra_flag, extra, offset, qmax;
   int32_t exact, header_tell, state_tell;
} Summary;

#ifdef PROBE_TRACE
static struct {
   int on, uints, levels;
   int32_t uint[8], qmax, level[CHUNKS + 1], before[CHUNKS + 1];
   int32_t tell, first_symbol;
} trace;

opus_uint32 __real_ec_dec_uint(ec_dec *dec, opus_uint32 ft);
void __real_ec_dec_update(ec_dec *dec, unsigned fl, unsigned fh, unsigned ft);
int __real_ec_laplace_decode_p0(ec_dec *dec, opus_uint16 p0, opus_uint16 decay);
int __real_compute_quantizer(int q0, int dQ, int qmax, int i);

opus_uint32 __wrap_ec_dec_uint(ec_dec *dec, opus_uint32 ft)
{
   opus_uint32 value = __real_ec_dec_uint(dec, ft);
   if (trace.on) {
      if (trace.uints < 8) trace.uint[trace.uints++] = (int32_t)value;
      trace.tell = (int32_t)ec_tell_frac(dec);
   }
   return value;
}

void __wrap_ec_dec_update(ec_dec *dec, unsigned fl, unsigned fh, unsigned ft)
{
   __real_ec_dec_update(dec, fl, fh, ft);
   if (trace.on) {
      /* The only symbol the payload decoder reads this way is the one of qmax: the half at the
         bottom means 15, and fl counts on from q0 + 1 in the upper half, where ft = 2*(14 - q0). */
      int32_t half = (int32_t)ft / 2;
      trace.qmax = (int32_t)fl < half ? 15 : (14 - half) + 1 + ((int32_t)fl - half);
      trace.tell = (int32_t)ec_tell_frac(dec);
   }
}

int __wrap_ec_laplace_decode_p0(ec_dec *dec, opus_uint16 p0, opus_uint16 decay)
{
   int value;
   if (trace.on && trace.first_symbol < 0) trace.first_symbol = trace.tell;
   value = __real_ec_laplace_decode_p0(dec, p0, decay);
   if (trace.on) trace.tell = (int32_t)ec_tell_frac(dec);
   return value;
}

int __wrap_compute_quantizer(int q0, int dQ, int qmax, int i)
{
   int level = __real_compute_quantizer(q0, dQ, qmax, i);
   if (trace.on && i < CHUNKS) {
      trace.level[i] = level;
      trace.before[i] = trace.tell;
      trace.levels = i + 1;
      trace.qmax = qmax;
   }
   return level;
}

static void start_trace(void)
{
   memset(&trace, 0, sizeof trace);
   trace.on = 1;
   trace.qmax = 15;
   trace.first_symbol = -1;
}

/* The integer that libopus scaled to `value`; clears `exact` should it not scale back to it. */
static int32_t unscale(float value, int scale, int32_t *exact)
{
   int step = scale == 0 ? 1 : scale;
   int32_t q = (int32_t)lrint((double)value * step / 256.);
   if (q * 256.f / step != value) *exact = 0;
   return q;
}

static void summarize(const OpusDRED *dred, Summary *s, int32_t *state, int32_t *latents,
                      int32_t *levels, int32_t *tells, float *state_values, float *latent_values)
{
   int chunk, i, q0 = trace.uint[0];
   const int32_t *u = trace.uint;
   trace.on = 0;
   s->dred_offset = dred->dred_offset;
   s->nb_chunks = dred->nb_latents;
   s->q0 = u[0];
   s->dQ = u[1];
   s->extra_flag = u[2];
   s->extra = u[2] ? u[3] : 0;
   s->offset = u[2] ? u[4] : u[3];
   s->qmax = trace.qmax;
   s->exact = 1;
   s->header_tell = trace.first_symbol < 0 ? trace.tell : trace.first_symbol;
   s->state_tell = trace.levels ? trace.before[0] : trace.tell;
   for (i = 0; i < DRED_STATE_DIM; i++)
      state[i] = unscale(dred->state[i], dred_state_quant_scales_q8[q0 * DRED_STATE_DIM + i],
                         &s->exact);
   memcpy(state_values, dred->state, sizeof dred->state);
   for (chunk = 0; chunk < dred->nb_latents; chunk++) {
      int level = trace.level[chunk];
      const opus_uint8 *scales = &dred_latent_quant_scales_q8[level * DRED_LATENT_DIM];
      levels[chunk] = level;
      tells[chunk] = chunk + 1 < trace.levels ? trace.before[chunk + 1] : trace.tell;
      for (i = 0; i < DRED_LATENT_DIM; i++)
         latents[chunk * DRED_LATENT_DIM + i] =
            unscale(dred->latents[chunk * STRIDE + i], scales[i], &s->exact);
   }
   memcpy(latent_values, dred->latents, (size_t)dred->nb_latents * STRIDE * sizeof(float));
}

/* The payload decoder on n payloads (after the prefix) laid end to end. `frames` is the number of
   10 ms feature vectors that it is asked for: 104 for all that it decodes. */
PROBE void probe_payloads(const uint8_t *bytes, const int64_t *ends, const int32_t *frame_offsets,
                          int32_t n, int32_t frames, Summary *summaries, int32_t *states,
                          int32_t *latents, int32_t *levels, int32_t *tells, float *state_values,
                          float *latent_values)
{
   OpusDRED *dred = calloc(1, sizeof *dred);
   int64_t k;
   for (k = 0; k < n; k++) {
      start_trace();
      summaries[k].result = dred_ec_decode(dred, bytes + ends[k], (int)(ends[k + 1] - ends[k]),
                                           frames, frame_offsets[k]);
      summaries[k].found = 1;
      summarize(dred, &summaries[k], states + k * DRED_STATE_DIM,
                latents + k * CHUNKS * DRED_LATENT_DIM, levels + k * CHUNKS, tells + k * CHUNKS,
                state_values + k * DRED_STATE_DIM, latent_values + k * CHUNKS * STRIDE);
   }
   free(dred);
}

/* opus_dred_parse on n packets laid end to end. */
PROBE void probe_parse(const uint8_t *bytes, const int64_t *ends, int32_t n, int32_t max_samples,
                       int32_t rate, Summary *summaries, int32_t *states, int32_t *latents,
                       int32_t *levels, int32_t *tells, float *state_values, float *latent_values)
{
   int error;
   OpusDREDDecoder *decoder = opus_dred_decoder_create(&error);
   OpusDRED *dred = opus_dred_alloc(&error);
   int64_t k;
   for (k = 0; k < n; k++) {
      int dred_end = 0;
      memset(dred, 0, sizeof *dred);
      start_trace();
      summaries[k].result = opus_dred_parse(decoder, dred, bytes + ends[k],
                                            (opus_int32)(ends[k + 1] - ends[k]), max_samples, rate,
                                            &dred_end, 1);
      trace.on = 0;
      summaries[k].found = dred->process_stage == 1;
      summaries[k].dred_end = dred_end;
      if (!summaries[k].found) continue;
      summarize(dred, &summaries[k], states + k * DRED_STATE_DIM,
                latents + k * CHUNKS * DRED_LATENT_DIM, levels + k * CHUNKS, tells + k * CHUNKS,
                state_values + k * DRED_STATE_DIM, latent_values + k * CHUNKS * STRIDE);
   }
   opus_dred_free(dred);
   opus_dred_decoder_destroy(decoder);
}

/* What passed from the encoder's stages to the next, in order, while `log` was set. */
static struct {
   int frames, latents, room;
   float *pcm, *features, *latent, *state;
} stages;

int __real_lpcnet_compute_single_frame_features_float(LPCNetEncState *st, const float *pcm,
                                                      float *features, int arch);
void __real_dred_rdovae_encode_dframe(RDOVAEEncState *state, const RDOVAEEnc *model, float *latents,
                                      float *initial, const float *input, int arch);

int __wrap_lpcnet_compute_single_frame_features_float(LPCNetEncState *st, const float *pcm,
                                                      float *features, int arch)
{
   int ret = -1;
   if (stages.frames < stages.room)
      memcpy(stages.pcm + stages.frames * 160, pcm, 160 * sizeof(float));
   ret = __real_lpcnet_compute_single_frame_features_float(st, pcm, features, arch);
   if (stages.frames < stages.room)
      memcpy(stages.features + stages.frames++ * NB_TOTAL_FEATURES, features,
             NB_TOTAL_FEATURES * sizeof(float));
   return ret;
}

void __wrap_dred_rdovae_encode_dframe(RDOVAEEncState *state, const RDOVAEEnc *model, float *latents,
                                      float *initial, const float *input, int arch)
{
   __real_dred_rdovae_encode_dframe(state, model, latents, initial, input, arch);
   if (2 * stages.latents < stages.room) {
      memcpy(stages.latent + stages.latents * DRED_LATENT_DIM, latents,
             DRED_LATENT_DIM * sizeof(float));
      memcpy(stages.state + stages.latents * DRED_STATE_DIM, initial,
             DRED_STATE_DIM * sizeof(float));
      stages.latents++;
   }
}

/* The DRED encoder on `frames` Opus frames of `frame_size` samples (interleaved, full scale 1).
   The stages' values are kept, at most `room` of 10 ms: audio at 16 kHz [room, 160], features
   [room, 36], latents [room / 2, LATENT_DIM], states [room / 2, STATE_DIM].
   positions: per Opus frame dred_offset and latent_offset. Returns the number of 10 ms frames. */
PROBE int32_t probe_dred_stages(const float *pcm, int32_t rate, int32_t channels,
                                int32_t frame_size, int32_t extra_delay, int32_t frames,
                                int32_t room, float *pcm16, float *features, float *latents,
                                float *states, int32_t *positions)
{
   DREDEnc *encoder = calloc(1, sizeof *encoder);
   int arch = opus_select_arch();
   int32_t i;
   dred_encoder_init(encoder, rate, channels);
   stages.frames = stages.latents = 0;
   stages.room = room;
   stages.pcm = pcm16;
   stages.features = features;
   stages.latent = latents;
   stages.state = states;
   for (i = 0; i < frames; i++) {
      dred_compute_latents(encoder, pcm + (int64_t)i * frame_size * channels, frame_size,
                           extra_delay, arch);
      positions[2 * i] = encoder->dred_offset;
      positions[2 * i + 1] = encoder->latent_offset;
   }
   stages.room = 0;
   free(encoder);
   return stages.frames;
}
#endif /* PROBE_TRACE */

/* The DRED encoder's payload (after the prefix) for buffers given by the caller, newest first:
   latents [fill, LATENT_DIM], states [fill, STATE_DIM]; activity is in 2.5 ms steps, newest first. */
PROBE int probe_write_payload(const float *latents, const float *states, int32_t fill,
                              int32_t dred_offset, int32_t latent_offset,
                              int32_t last_extra_dred_offset, uint8_t *activity, int32_t max_chunks,
                              int32_t max_bytes, int32_t q0, int32_t dQ, int32_t qmax,
                              uint8_t *payload)
{
   DREDEnc *encoder = calloc(1, sizeof *encoder);
   int ret;
   dred_encoder_init(encoder, 16000, 1);
   memcpy(encoder->latents_buffer, latents, (size_t)fill * DRED_LATENT_DIM * sizeof(float));
   memcpy(encoder->state_buffer, states, (size_t)fill * DRED_STATE_DIM * sizeof(float));
   encoder->latents_buffer_fill = fill;
   encoder->dred_offset = dred_offset;
   encoder->latent_offset = latent_offset;
   encoder->last_extra_dred_offset = last_extra_dred_offset;
   ret = dred_encode_silk_frame(encoder, payload, max_chunks, max_bytes, q0, dQ, qmax, activity,
                                opus_select_arch());
   free(encoder);
   return ret;
}

static double clock_seconds(clockid_t which)
{
   struct timespec now;
   clock_gettime(which, &now);
   return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Seconds on the clock that `repeats` rounds of opus_dred_parse, without feature decoding, take
   over n packets. processor: seconds of this thread. chunks: how many one round decodes. */
PROBE double probe_time_parse(const uint8_t *bytes, const int64_t *ends, int32_t n,
                              int32_t max_samples, int32_t rate, int32_t repeats,
                              double *processor, int64_t *chunks)
{
   int error, dred_end, round;
   OpusDREDDecoder *decoder = opus_dred_decoder_create(&error);
   OpusDRED *dred = opus_dred_alloc(&error);
   double seconds;
   int64_t k;
   *chunks = 0;
   *processor = -clock_seconds(CLOCK_THREAD_CPUTIME_ID);
   seconds = -clock_seconds(CLOCK_MONOTONIC);
   for (round = 0; round < repeats; round++)
      for (k = 0; k < n; k++) {
         opus_dred_parse(decoder, dred, bytes + ends[k], (opus_int32)(ends[k + 1] - ends[k]),
                         max_samples, rate, &dred_end, 1);
         if (round == 0 && dred->process_stage == 1) *chunks += dred->nb_latents;
      }
   seconds += clock_seconds(CLOCK_MONOTONIC);
   *processor += clock_seconds(CLOCK_THREAD_CPUTIME_ID);
   opus_dred_free(dred);
   opus_dred_decoder_destroy(decoder);
   return seconds;
}

/* ---- networks ---- */

/* Feature decoding of n payloads: states [n, STATE_DIM], latents [n, CHUNKS, STRIDE], counts [n];
   features [n, 4 * CHUNKS, 20], newest first. Returns the seconds it took. */
PROBE double probe_features(const float *states, const float *latents, const int32_t *counts,
                            int32_t n, float *features)
{
   RDOVAEDec model;
   double seconds;
   int arch = opus_select_arch();
   int64_t k;
   if (init_rdovaedec(&model, rdovaedec_arrays) != 0) return -1;
   seconds = -clock_seconds(CLOCK_MONOTONIC);
   for (k = 0; k < n; k++)
      DRED_rdovae_decode_all(&model, features + k * 4 * CHUNKS * DRED_NUM_FEATURES,
                             states + k * DRED_STATE_DIM, latents + k * CHUNKS * STRIDE, counts[k],
                             arch);
   return seconds + clock_seconds(CLOCK_MONOTONIC);
}

/* RDOVAE encoding of n pairs of feature vectors [n, 40]: latents [n, LATENT_DIM] and states
   [n, STATE_DIM] after each. */
PROBE int probe_rdovae_encode(const float *pairs, int32_t n, float *latents, float *states)
{
   RDOVAEEnc model;
   RDOVAEEncState *state = calloc(1, sizeof *state);
   int arch = opus_select_arch();
   int64_t k;
   if (init_rdovaeenc(&model, rdovaeenc_arrays) != 0) return -1;
   for (k = 0; k < n; k++)
      dred_rdovae_encode_dframe(state, &model, latents + k * DRED_LATENT_DIM,
                                states + k * DRED_STATE_DIM, pairs + k * 2 * DRED_NUM_FEATURES,
                                arch);
   free(state);
   return 0;
}

/* Feature analysis of n frames of 160 samples at 16 kHz, in units of 16-bit samples.
   features [n, 36]; spectrum [n, 88] and correlation [n, 224] are the pitch network's inputs. */
PROBE void probe_analysis(const float *pcm, int32_t n, float *features, float *spectrum,
                          float *correlation)
{
   LPCNetEncState *state = lpcnet_encoder_create();
   int arch = opus_select_arch();
   int64_t k;
   for (k = 0; k < n; k++) {
      lpcnet_compute_single_frame_features_float(state, pcm + k * LPCNET_FRAME_SIZE,
                                                 features + k * NB_TOTAL_FEATURES, arch);
      memcpy(spectrum + k * PITCH_IF_FEATURES, state->if_features, sizeof state->if_features);
      memcpy(correlation + k * (PITCH_MAX_PERIOD - PITCH_MIN_PERIOD), state->xcorr_features,
             sizeof state->xcorr_features);
   }
   lpcnet_encoder_destroy(state);
}

extern const kiss_fft_state kfft;
extern const float half_window[160], dct_table[18 * 18];

/* The tables behind it: half the window [160], twiddle factors [320, 2], cosines [18, 18]. */
PROBE void probe_analysis_tables(float *window, float *twiddles, float *cosines)
{
   memcpy(window, half_window, sizeof half_window);
   memcpy(twiddles, kfft.twiddles, 2 * 320 * sizeof *twiddles);
   memcpy(cosines, dct_table, sizeof dct_table);
}

PROBE int probe_spectrum_size(void) { return PITCH_IF_FEATURES; }
PROBE int probe_correlation_size(void) { return PITCH_MAX_PERIOD - PITCH_MIN_PERIOD; }

/* The vocoder: continued from 320 samples and 5 feature vectors, then n frames of 160 samples,
   full scale 1. periods [n] and states (three GRUs after each frame, end to end) may be NULL. */
PROBE int probe_fargan(const float *start, const float *start_features, const float *features,
                       int32_t n, float *pcm, int32_t *periods, float *states)
{
   FARGANState *state = calloc(1, sizeof *state);
   int64_t k;
   fargan_init(state);
   fargan_cont(state, start, start_features);
   for (k = 0; k < n; k++) {
      fargan_synthesize(state, pcm + k * FARGAN_FRAME_SIZE, features + k * NB_FEATURES);
      if (periods) periods[k] = state->last_period;
      if (states) {
         memcpy(states, state->gru1_state, sizeof state->gru1_state);
         states += SIG_NET_GRU1_STATE_SIZE;
         memcpy(states, state->gru2_state, sizeof state->gru2_state);
         states += SIG_NET_GRU2_STATE_SIZE;
         memcpy(states, state->gru3_state, sizeof state->gru3_state);
         states += SIG_NET_GRU3_STATE_SIZE;
      }
   }
   free(state);
   return 0;
}

PROBE int probe_fargan_states(void)
{
   return SIG_NET_GRU1_STATE_SIZE + SIG_NET_GRU2_STATE_SIZE + SIG_NET_GRU3_STATE_SIZE;
}

/* ---- neural packet loss concealment ---- */

/* Burg cepstra [n, 36] of n frames of 160 samples in units of 16-bit samples. */
PROBE void probe_burg(const float *pcm, int32_t n, float *cepstra)
{
   int64_t k;
   for (k = 0; k < n; k++) burg_cepstral_analysis(cepstra + k * 2 * NB_BANDS, pcm + k * FRAME_SIZE);
}

/* A script of the concealment: u update with the next frame of `samples`, f add the next vector of
   `features`, s add none, x clear the queue, c conceal into the next frame of `pcm`. `spoken`, if
   given, takes the features of every c. Returns the number of frames concealed. */
PROBE int32_t probe_plc(const char *steps, const int16_t *samples, const float *features,
                        int16_t *pcm, float *spoken)
{
   LPCNetPLCState *state = calloc(1, sizeof *state);
   int32_t concealed = 0;
   lpcnet_plc_init(state);
   for (; *steps; steps++) {
      switch (*steps) {
      case 'u': {
         int16_t frame[FRAME_SIZE];
         memcpy(frame, samples, sizeof frame);
         lpcnet_plc_update(state, frame);
         samples += FRAME_SIZE;
         break;
      }
      case 'f':
         lpcnet_plc_fec_add(state, features);
         features += NB_FEATURES;
         break;
      case 's': lpcnet_plc_fec_add(state, NULL); break;
      case 'x': lpcnet_plc_fec_clear(state); break;
      case 'c':
         lpcnet_plc_conceal(state, pcm + (int64_t)concealed * FRAME_SIZE);
         if (spoken) memcpy(spoken + (int64_t)concealed * NB_FEATURES, state->features,
                            NB_FEATURES * sizeof(float));
         concealed++;
         break;
      }
   }
   free(state);
   return concealed;
}

/* ---- the variadic functions of the public interface ---- */

PROBE int probe_encoder_set(OpusEncoder *encoder, int request, int32_t value)
{
   return opus_encoder_ctl(encoder, request, (opus_int32)value);
}

PROBE int probe_encoder_get(OpusEncoder *encoder, int request, int32_t *value)
{
   return opus_encoder_ctl(encoder, request, (opus_int32 *)value);
}

PROBE int probe_decoder_get(OpusDecoder *decoder, int request, int32_t *value)
{
   return opus_decoder_ctl(decoder, request, (opus_int32 *)value);
}

PROBE int probe_decoder_set(OpusDecoder *decoder, int request, int32_t value)
{
   return opus_decoder_ctl(decoder, request, (opus_int32)value);
}

PROBE int probe_multistream_set(OpusMSEncoder *encoder, int request, int32_t value)
{
   return opus_multistream_encoder_ctl(encoder, request, (opus_int32)value);
}

/* Sets on one stream of a multistream encoder, which passes few settings on by itself. */
PROBE int probe_multistream_set_one(OpusMSEncoder *encoder, int stream, int request, int32_t value)
{
   OpusEncoder *one = NULL;
   int ret = opus_multistream_encoder_ctl(encoder, OPUS_MULTISTREAM_GET_ENCODER_STATE_REQUEST,
                                          (opus_int32)stream, &one);
   return ret == OPUS_OK ? opus_encoder_ctl(one, request, (opus_int32)value) : ret;
}
