/* A complete harness in C: libopus, DRED and extensions included.

      harness

   Compiled against the sources of libopus (their private headers) and libopus.a, for example by
   tools/libopus. It speaks the protocol of PROTOCOL.md: a JSON object a line, values found by
   their names, byte strings in hex. */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "opus.h"
#include "opus_private.h"
#include "dred_decoder.h"

#define CHUNKS (DRED_NUM_REDUNDANCY_FRAMES / 2)

/* The text after "name":, or NULL. */
static const char *find(const char *line, const char *name)
{
   char key[40];
   const char *at;
   snprintf(key, sizeof key, "\"%s\":", name);
   at = strstr(line, key);
   return at ? at + strlen(key) : NULL;
}

static long number(const char *line, const char *name, long otherwise)
{
   const char *at = find(line, name);
   return at ? strtol(at, NULL, 10) : otherwise;
}

/* Bytes of a hex string; the caller frees them. Absent: NULL and -1. */
static unsigned char *bytes(const char *line, const char *name, opus_int32 *size)
{
   const char *at = find(line, name);
   unsigned char *data;
   unsigned value;
   *size = -1;
   if (!at || *at != '"') return NULL;
   data = malloc(strlen(at) / 2 + 1);
   for (*size = 0, at++; sscanf(at, "%2x", &value) == 1 && *at != '"'; at += 2)
      data[(*size)++] = (unsigned char)value;
   return data;
}

static void reject(long seq, int code)
{
   printf("{\"seq\": %ld, \"reject\": {\"detail\": \"libopus returns %d\"}}\n", seq, code);
}

static void packet(long seq, const char *line)
{
   const unsigned char *frames[48], *padding = NULL;
   opus_int32 size, padding_size = 0;
   opus_int16 sizes[48];
   unsigned char toc = 0, *data = bytes(line, "packet", &size);
   int i, count = opus_packet_parse_impl(data, size, 0, &toc, frames, sizes, NULL, NULL,
                                         &padding, &padding_size);
   if (count < 0) reject(seq, count);
   else {
      printf("{\"seq\": %ld, \"answer\": {\"toc\": {\"config\": %d, \"stereo\": %s, \"code\": %d}, "
             "\"nb_frames\": %d, \"frames\": [", seq, toc >> 3, toc & 4 ? "true" : "false",
             toc & 3, count);
      for (i = 0; i < count; i++)
         printf("%s{\"offset\": %d, \"bytes\": %d}", i ? ", " : "", (int)(frames[i] - data), sizes[i]);
      printf("]}}\n");
   }
   free(data);
}

static void extension(long seq, const char *line)
{
   opus_int32 size, i, n = 0;
   unsigned char *data = bytes(line, "area", &size);
   int ret;
   printf("{\"seq\": %ld, \"answer\": {\"extensions\": [", seq);
#if DRED_EXPERIMENTAL_VERSION >= 12
   OpusExtensionIterator iterator;
   opus_extension_data one;
   opus_extension_iterator_init(&iterator, data, size, number(line, "nb_frames", 1));
   while ((ret = opus_extension_iterator_next(&iterator, &one)) > 0) {
#else
   opus_extension_data *all = malloc((size + 1) * sizeof *all), one;
   opus_int32 count = size + 1, k;
   ret = opus_packet_extensions_parse(data, size, all, &count);
   for (k = 0; k < count; k++) {
      one = all[k];
#endif
      printf("%s{\"id\": %d, \"frame\": %d, \"data\": \"", n++ ? ", " : "", one.id, one.frame);
      for (i = 0; i < one.len; i++) printf("%02x", one.data[i]);
      printf("\"}");
   }
   printf("], \"error\": %s}}\n", ret < 0 ? "{}" : "null");
   free(data);
#if DRED_EXPERIMENTAL_VERSION < 12
   free(all);
#endif
}

static void decode(long seq, const char *line, OpusDREDDecoder *decoder)
{
   static OpusDRED dred;
   opus_int32 size, i;
   unsigned char *data = bytes(line, "payload", &size);
   long limit = number(line, "max_chunks", CHUNKS);
   int ret = 0;
   dred.process_stage = -1;
   if (data) dred_ec_decode(&dred, data, size, 4 * limit, 0);
   else {
      data = bytes(line, "packet", &size);
      ret = opus_dred_parse(decoder, &dred, data, size, 480 * (4 * limit - 2), 48000, NULL, 1);
   }
   free(data);
   if (ret < 0) { reject(seq, ret); return; }
   printf("{\"seq\": %ld, \"answer\": {\"features\": \"", seq);
   if (dred.process_stage > 0) {
      opus_dred_process(decoder, &dred, &dred);
      for (i = 0; i < (int)sizeof(float) * 80 * dred.nb_latents; i++)
         printf("%02x", ((unsigned char *)dred.fec_features)[i]);
   }
   printf("\"}}\n");
}

int main(void)
{
   char *line = NULL;
   size_t room = 0;
   OpusDREDDecoder *decoder = opus_dred_decoder_create(NULL);
   while (getline(&line, &room, stdin) > 0) {
      long seq = number(line, "seq", -1);
      if (strstr(line, "\"cmd\":\"stop\"")) break;
      if (strstr(line, "\"cmd\":\"start\""))
         printf("{\"protocol\": 1, \"name\": \"libopus (C harness)\", \"version\": \"%s\", "
                "\"versions\": [%d], \"operations\": [\"packet\", \"extension\", "
                "\"decode\"]}\n", opus_get_version_string(), DRED_EXPERIMENTAL_VERSION);
      else if (strstr(line, "\"operation\":\"packet\"")) packet(seq, line);
      else if (strstr(line, "\"operation\":\"extension\"")) extension(seq, line);
      else decode(seq, line, decoder);
      fflush(stdout);
   }
   opus_dred_decoder_destroy(decoder);
   free(line);
   return 0;
}
