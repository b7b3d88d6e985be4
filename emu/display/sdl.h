/*
 * SDL2, loaded when a window is wanted and not before: its libraries take milliseconds to load, and most runs need
 * none. A table of the functions that the window uses; what they do is SDL's documentation.
 */
#ifndef RVEMU_EMU_DISPLAY_SDL_H
#define RVEMU_EMU_DISPLAY_SDL_H

#include "emu/base/base.h"

/* SDL's headers use words that base.h defines. */
#pragma push_macro("always_inline")
#pragma push_macro("cold")
#undef always_inline
#undef cold
#include <SDL2/SDL.h>
#pragma pop_macro("cold")
#pragma pop_macro("always_inline")

/* F(NAME) is SDL_NAME. */
#define SDL_FUNCTIONS(F)                                                                                               \
	F(Init)                                                                                                        \
	F(Quit)                                                                                                        \
	F(GetError)                                                                                                    \
	F(SetHint)                                                                                                     \
	F(EnableScreenSaver)                                                                                           \
	F(CreateWindow)                                                                                                \
	F(DestroyWindow)                                                                                               \
	F(SetWindowTitle)                                                                                              \
	F(SetWindowSize)                                                                                               \
	F(SetWindowMinimumSize)                                                                                        \
	F(GetWindowSize)                                                                                               \
	F(GetWindowFlags)                                                                                              \
	F(SetWindowFullscreen)                                                                                         \
	F(SetWindowKeyboardGrab)                                                                                       \
	F(GetWindowDisplayIndex)                                                                                       \
	F(GetWindowBordersSize)                                                                                        \
	F(GetDisplayUsableBounds)                                                                                      \
	F(CreateRenderer)                                                                                              \
	F(DestroyRenderer)                                                                                             \
	F(GetRendererInfo)                                                                                             \
	F(GetRendererOutputSize)                                                                                       \
	F(CreateTexture)                                                                                               \
	F(DestroyTexture)                                                                                              \
	F(UpdateTexture)                                                                                               \
	F(SetTextureScaleMode)                                                                                         \
	F(SetTextureBlendMode)                                                                                         \
	F(SetRenderDrawColor)                                                                                          \
	F(RenderClear)                                                                                                 \
	F(RenderCopy)                                                                                                  \
	F(RenderPresent)                                                                                               \
	F(GL_GetProcAddress)                                                                                           \
	F(WaitEvent)                                                                                                   \
	F(WaitEventTimeout)                                                                                            \
	F(PollEvent)                                                                                                   \
	F(PushEvent)                                                                                                   \
	F(SetRelativeMouseMode)                                                                                        \
	F(ShowCursor)                                                                                                  \
	F(SetClipboardText)                                                                                            \
	F(GetClipboardText)                                                                                            \
	F(StartTextInput)                                                                                              \
	F(StopTextInput)                                                                                               \
	F(GetModState)                                                                                                 \
	F(free)

struct sdl {
#define F(name) typeof(SDL_##name) *name;
	SDL_FUNCTIONS(F)
#undef F
	/* The text that the middle button pastes. Since SDL 2.26; NULL where there are none. */
	int (*SetPrimarySelectionText)(const char *text);
	char *(*GetPrimarySelectionText)(void);
};

/* Fills the table; the library stays loaded. False: it is not installed, or too old; see err, which says what to do. */
bool sdl_load(struct sdl *sdl, struct error *err) must_check;

/* Starts SDL's video in the calling thread, which from then on is the one that may use it. False: there is no desktop,
 * or it cannot be reached; see err. SDL's Quit() ends it, in that case too. */
bool sdl_start(const struct sdl *sdl, struct error *err) must_check;

#endif
