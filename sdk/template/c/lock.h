/* A lock, as each system has it. */
#pragma once

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

typedef SRWLOCK Lock;

static inline void lock_begin(Lock *it) { InitializeSRWLock(it); }
static inline void lock_end(Lock *it) { (void)it; }
static inline void lock(Lock *it) { AcquireSRWLockExclusive(it); }
static inline void unlock(Lock *it) { ReleaseSRWLockExclusive(it); }
#else
#include <pthread.h>

typedef pthread_mutex_t Lock;

static inline void lock_begin(Lock *it) { pthread_mutex_init(it, NULL); }
static inline void lock_end(Lock *it) { pthread_mutex_destroy(it); }
static inline void lock(Lock *it) { pthread_mutex_lock(it); }
static inline void unlock(Lock *it) { pthread_mutex_unlock(it); }
#endif
