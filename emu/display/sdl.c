/*
 * Finds SDL2's functions at run time: see sdl.h.
 */
#include "emu/display/sdl.h"

#include <dlfcn.h>
#include <stdlib.h>

/* A function by its name; remembers in *missing the first that there is not. */
static void *look_up(void *library, const char *name, const char **missing)
{
	void *function = dlsym(library, name);
	if (!function && !*missing)
		*missing = name;
	return function;
}

bool sdl_load(struct sdl *sdl, struct error *err)
{
	void *library = dlopen("libSDL2-2.0.so.0", RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return error_set(err, "--display sdl: SDL2 is not installed: apt install libsdl2-2.0-0 (%s)",
		                 dlerror());
	const char *missing = NULL;
#define F(name) sdl->name = (typeof(sdl->name))look_up(library, "SDL_" #name, &missing);
	SDL_FUNCTIONS(F)
#undef F
	if (missing)
		return error_set(err, "--display sdl: the SDL2 that is installed has no %s: at least 2.0.16 is needed",
		                 missing);
	sdl->SetPrimarySelectionText =
		(typeof(sdl->SetPrimarySelectionText))dlsym(library, "SDL_SetPrimarySelectionText");
	sdl->GetPrimarySelectionText =
		(typeof(sdl->GetPrimarySelectionText))dlsym(library, "SDL_GetPrimarySelectionText");
	return true;
}

/* X errors are no reason to end rvemu, which is what they do otherwise: SDL wakes a sleeping thread by an event to its
 * window, which arrives late where the window was closed at that moment. */
static int ignore_x_error(void *display, void *error)
{
	(void)display;
	(void)error;
	return 0;
}

static void survive_x_errors(void)
{
	void *x11 = dlopen("libX11.so.6", RTLD_NOW | RTLD_NOLOAD);
	void *(*set_handler)(int (*)(void *, void *)) = NULL;
	if (x11)
		set_handler = (typeof(set_handler))dlsym(x11, "XSetErrorHandler");
	if (set_handler)
		set_handler(ignore_x_error);
}

bool sdl_start(const struct sdl *sdl, struct error *err)
{
	const char *x11 = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
	if (!x11 && !wayland && !getenv("SDL_VIDEODRIVER"))
		return error_set(err, "--display sdl: there is no desktop here to open a window on "
		                      "(neither DISPLAY nor WAYLAND_DISPLAY is set)");
	/* Not on the console of a machine without a desktop. Who sets SDL_VIDEODRIVER knows better. */
	sdl->SetHint(SDL_HINT_VIDEODRIVER, !wayland ? "x11" : !x11 ? "wayland" : "x11,wayland");
	/* Ctrl-C in the terminal is rvemu's own affair, and whoever watches a guest may want the screen to go dark. */
	sdl->SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
	sdl->SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
	sdl->SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
	sdl->SetHint(SDL_HINT_APP_NAME, "rvemu");
	if (sdl->Init(SDL_INIT_VIDEO) != 0)
		return error_set(err, "--display sdl: no window can be opened on %s: %s",
		                 x11       ? x11
		                 : wayland ? wayland
		                           : "this machine",
		                 sdl->GetError());
	survive_x_errors();
	return true;
}
