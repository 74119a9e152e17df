#include "infer/views.h"

void an_view_place(an_slot *slot, int side, int crop, int view)
{
    int border = side - crop, place = view % 5;
    bool bottom = place >= 3, right = place == 1 || place == 4;
    slot->y = place == AN_VIEW_CENTRE ? border / 2 : bottom ? border : 0;
    slot->x = place == AN_VIEW_CENTRE ? border / 2 : right ? border : 0;
    slot->mirror = view >= 5;
    an_slot_unchanged(slot);
}
