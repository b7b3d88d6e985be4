# Programs of the guest OS and the disks they come on; included by the Makefile at the root (`make -f guest/user/user.mk` works
# as well). Ordinary Linux programs, built by the distribution's cross compiler: all of them run under qemu-riscv64 too.
#
#     guest/user/NAME.c        a program of one file, linked with guest/user/lib
#     guest/user/NAME/*.c      a program of several files, as sh
#     build/root.img           ext2 with the programs, glibc and a few files of /etc;  ROOT_OVERLAY="DIR..." adds Debian's
#     build/swap.img           an empty swap device

GUEST_USER_CC := riscv64-linux-gnu-gcc
GUEST_USER_CFLAGS := -std=gnu11 -D_GNU_SOURCE -I. -O2 -MMD -MP \
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
USER_OUT := build/guest/user

USER_LIB_SOURCES := $(sort $(wildcard guest/user/lib/*.c))
USER_LIB := $(USER_OUT)/libuser.a
# Any folder but lib is one program.
USER_FOLDERS := $(filter-out lib,$(patsubst guest/user/%/,%,$(sort $(wildcard guest/user/*/))))
USER_SINGLES := $(patsubst guest/user/%.c,%,$(sort $(wildcard guest/user/*.c)))
USER_PROGRAMS := $(addprefix $(USER_OUT)/,$(USER_SINGLES) $(USER_FOLDERS))
# Without shared libraries: what must run when they are broken, and what is also measured on another kernel.
USER_STATIC := init bench

ROOT_SIZE ?= 64M
SWAP_SIZE ?= 256M
ROOT_OVERLAY ?=

.PHONY: guest-user guest-disks
guest-user: $(USER_PROGRAMS)
guest-disks: build/root.img build/swap.img

$(USER_LIB): $(USER_LIB_SOURCES:guest/user/%.c=$(USER_OUT)/obj/%.o)
	@mkdir -p $(@D)
	@rm -f $@
	@riscv64-linux-gnu-ar rcs $@ $^

# Their objects: the one of the same name, or those of the folder.
define user_program
$(USER_OUT)/$(1): $(2) $$(USER_LIB)
	@echo "  USER    $$@"
	@$$(GUEST_USER_CC) $(if $(filter $(1),$(USER_STATIC)),-static) $(2) $$(USER_LIB) -o $$@
endef
# Objects are in obj/, where sh/ can be a folder.
$(USER_OUT)/obj/%.o: guest/user/%.c guest/user/user.mk
	@mkdir -p $(@D)
	@echo "  USER    $@"
	@$(GUEST_USER_CC) $(GUEST_USER_CFLAGS) -c $< -o $@

user_folder_objects = $(patsubst guest/user/%.c,$(USER_OUT)/obj/%.o,$(sort $(wildcard guest/user/$(1)/*.c)))
$(foreach name,$(USER_SINGLES),$(eval $(call user_program,$(name),$(USER_OUT)/obj/$(name).o)))
$(foreach name,$(USER_FOLDERS),$(eval $(call user_program,$(name),$(call user_folder_objects,$(name)))))

build/root.img: $(USER_PROGRAMS) guest/user/disk.py guest/user/my_program.c build/fonts/Terminus16.psf
	@echo "  DISK    $@"
	@guest/user/disk.py root $@ --size $(ROOT_SIZE) $(addprefix --overlay ,$(ROOT_OVERLAY)) $(USER_PROGRAMS)

build/swap.img: guest/user/disk.py
	@echo "  DISK    $@"
	@guest/user/disk.py swap $@ --size $(SWAP_SIZE)

-include $(wildcard $(USER_OUT)/obj/*.d $(USER_OUT)/obj/*/*.d)
