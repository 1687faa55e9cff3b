/* What libopus' loss generator draws: a line for each packet, the random number behind it as
   float32 bits, and whether it is lost. The first 1000 lines are those that it passes over. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int drawn;
static int counted_rand(void) { return drawn = rand(); }
#define rand counted_rand
#include "dnn/lossgen.c"
#undef rand
#include "dnn/lossgen_data.c"

int main(int argc, char **argv)
{
   LossGenState state;
   long packets, i;
   float percent, chance;
   unsigned bits;
   if (argc != 4) return 2;
   percent = (float)atof(argv[1]);
   packets = atol(argv[2]);
   srand((unsigned)atol(argv[3]));
   lossgen_init(&state);
   for (i = 0; i < packets + 1000; i++) {
      int lost = sample_loss_impl(&state, percent * .01f);
      chance = (float)drawn / (float)RAND_MAX;
      memcpy(&bits, &chance, 4);
      printf("%u %d\n", bits, lost);
   }
   return 0;
}
