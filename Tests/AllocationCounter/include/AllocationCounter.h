// Counts the calls of malloc and its kin on one thread. In C, since Swift refuses to define malloc.
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

// From now on the calling thread's allocations are counted.
void allocation_counter_watch_this_thread(void);
// How many there were so far. Any thread.
long allocation_counter_value(void);

#endif
