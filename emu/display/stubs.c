/* Weak stand-ins for parts that are being written; goes when they are there. */
#include <string.h>
#include "emu/display/display.h"
#include "emu/display/link.h"
#include "emu/display/screen.h"
#include "emu/display/window.h"
#include "emu/observe/observers.h"
#define WEAK __attribute__((weak))
WEAK struct live *observers_live(const struct observers *o) { (void)o; return NULL; }
WEAK bool live_look(struct live *l, bool on) { (void)l; (void)on; return false; }
WEAK void live_sample(struct live *l, u64 n) { (void)l; (void)n; }
WEAK void live_collect(struct live *l, const struct live_request *r, struct live_view *v) { (void)l; (void)r; (void)v; }
WEAK void live_step(struct live *l, struct control *c, enum live_step w) { (void)l; (void)c; (void)w; }
WEAK struct live_view *live_view_create(void) { return xcalloc(1, sizeof(struct live_view)); }
WEAK void live_view_destroy(struct live_view *v) { (void)v; }
WEAK void pace_set(struct pace *p, u64 n, u64 t) { (void)t; p->per_second = n; }
WEAK void virtio_gpu_resize(struct virtio_gpu *g, u32 w, u32 h) { (void)g; (void)w; (void)h; }
WEAK u32 virtio_input_leds(const struct virtio_input *i) { (void)i; return 0; }
WEAK void input_events_put(struct input_events *q, enum input_port p, struct virtio_input_event e) { (void)q; (void)p; (void)e; }
WEAK u32 input_events_count(const struct input_events *q, enum input_port p) { (void)q; (void)p; return 0; }
