# A stand-in of the project's script, with the lines that the installer looks for.
set datapath_width_bit    1024
foreach core {switch_output_port_lookup input_arbiter} {
    create_ip -name $core -vendor NetFPGA -library NetFPGA -module_name ${core}_ip
}
# output_queues
create_ip -name output_queues -vendor NetFPGA -library NetFPGA -module_name output_queues_ip
set_property CONFIG.C_M_AXIS_DATA_WIDTH ${datapath_width_bit} [get_ips output_queues_ip]
generate_target all [get_ips output_queues_ip]
